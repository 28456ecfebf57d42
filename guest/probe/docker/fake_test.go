package docker

import (
	"archive/tar"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeDocker is a daemon on a Unix socket that holds containers and images and starts nothing.
type fakeDocker struct {
	mu         sync.Mutex
	containers map[string]map[string]string // id → labels
	images     map[string]map[string]string
	imported   []string // names in the tar of the last import, "setuid 4755"
	created    []container
	logs       func(w io.Writer)
	unfiltered bool // it forgets about filters
}

// fakeID is an id as Docker has them.
func fakeID(n int) string { return fmt.Sprintf("%064x", n) }

// serveDocker serves a fake, changed by more handlers, until the test ends.
func serveDocker(t *testing.T, fake *fakeDocker, more map[string]http.HandlerFunc) *client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "d.sock")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	handlers := map[string]http.HandlerFunc{
		"GET /v1.45/_ping":                func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OK") },
		"POST /v1.45/images/create":       fake.importImage,
		"POST /v1.45/containers/create":   fake.create,
		"GET /v1.45/containers/json":      func(w http.ResponseWriter, r *http.Request) { fake.list(w, r, fake.containers) },
		"GET /v1.45/images/json":          func(w http.ResponseWriter, r *http.Request) { fake.list(w, r, fake.images) },
		"DELETE /v1.45/containers/{id}":   func(w http.ResponseWriter, r *http.Request) { fake.remove(w, r, fake.containers) },
		"DELETE /v1.45/images/{id}":       func(w http.ResponseWriter, r *http.Request) { fake.remove(w, r, fake.images) },
		"GET /v1.45/containers/{id}/logs": func(w http.ResponseWriter, _ *http.Request) { fake.logs(w) },
	}
	maps.Copy(handlers, more)
	mux := http.NewServeMux()
	for pattern, handler := range handlers {
		mux.HandleFunc(pattern, handler)
	}
	server := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	api := at(socket)
	t.Cleanup(func() {
		api.close()
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return api
}

func (f *fakeDocker) importImage(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.imported = nil
	for files := tar.NewReader(r.Body); ; {
		h, err := files.Next()
		if err != nil {
			break
		}
		f.imported = append(f.imported, fmt.Sprintf("%s %o", h.Name, h.Mode))
	}
	id := "sha256:" + fakeID(77)
	f.images[id] = map[string]string{strings.TrimSuffix(strings.TrimPrefix(r.FormValue("changes"), "LABEL "), "=1"): "1"}
	_, _ = fmt.Fprintf(w, "{\"status\":%q}\n", id)
}

func (f *fakeDocker) create(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var c container
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.created = append(f.created, c)
	id := fakeID(len(f.created))
	f.containers[id] = c.Labels
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, `{"Id":%q,"Warnings":[]}`, id)
}

func (f *fakeDocker) list(w http.ResponseWriter, r *http.Request, things map[string]map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var filters struct{ Label []string }
	_ = json.Unmarshal([]byte(r.FormValue("filters")), &filters)
	found := []map[string]any{}
	for id, labels := range things {
		_, has := labels[strings.Join(filters.Label, "")]
		if has || f.unfiltered {
			found = append(found, map[string]any{"Id": id, "Labels": labels})
		}
	}
	_ = json.NewEncoder(w).Encode(found)
}

func (f *fakeDocker) remove(w http.ResponseWriter, r *http.Request, things map[string]map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := things[r.PathValue("id")]; !there || r.FormValue("force") != "1" {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"no such thing"}`)
		return
	}
	delete(things, r.PathValue("id"))
	_, _ = io.WriteString(w, "[]")
}

// left lists what the fake still holds.
func (f *fakeDocker) left() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for id := range f.containers {
		ids = append(ids, id)
	}
	for id := range f.images {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// frame is one frame of a container's output.
func frame(stream byte, content string) string {
	head := make([]byte, frameHead)
	head[0] = stream
	binary.BigEndian.PutUint32(head[4:], uint32(len(content)))
	return string(head) + content
}
