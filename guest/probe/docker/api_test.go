package docker

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestAnswersOfADaemonThatIsNotToBeTrusted(t *testing.T) {
	const path = "GET /v1.45/info"
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string // part of the error, "" for none
	}{
		"an answer is read":                   {answer(200, `{"SecurityOptions":["name=rootless"],"Other":1}`), ""},
		"a refusal is told in Docker's words": {answer(500, `{"message":"out\u001b[31m of\norder"}`), "GET /info: 500 out [31m of order"},
		"a refusal without words is one":      {answer(403, ``), "GET /info: 403"},
		"what is not JSON is an error":        {answer(200, `hello`), "not what it should be"},
		"a huge answer is cut":                {answer(200, `{"x":"`+strings.Repeat("a", maxAnswer)+`"}`), "longer than"},
		"a cut answer is an error": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"Sec`)
		}, "unexpected EOF"},
		"a connection that breaks is an error": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			api := serveDocker(t, &fakeDocker{}, map[string]http.HandlerFunc{path: c.handler})
			var info struct{ SecurityOptions []string }
			err := api.ask(t.Context(), http.MethodGet, "/info", nil, nil, &info)
			if c.want == "" {
				if err != nil || len(info.SecurityOptions) != 1 {
					t.Errorf("got %v, %v", info, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestASlowDaemonIsGivenUpOn(t *testing.T) {
	api := serveDocker(t, &fakeDocker{}, map[string]http.HandlerFunc{
		"GET /v1.45/info": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := api.ask(ctx, http.MethodGet, "/info", nil, nil, nil); err == nil {
		t.Error("it waited for an answer and got one")
	}
}

func TestASweepRemovesOnlyWhatIsTheChecksOwn(t *testing.T) {
	ours := map[string]string{label: "1"}
	for name, unfiltered := range map[string]bool{
		"of a daemon that filters": false, "of a daemon that lists everything": true,
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeDocker{
				unfiltered: unfiltered,
				containers: map[string]map[string]string{fakeID(1): ours, fakeID(2): {"a": "b"}, fakeID(3): nil},
				images:     map[string]map[string]string{"sha256:" + fakeID(4): ours, "sha256:" + fakeID(5): nil},
			}
			if err := serveDocker(t, fake, nil).sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []string{fakeID(2), fakeID(3), "sha256:" + fakeID(5)}
			if diff := cmp.Diff(want, fake.left()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheImageHoldsFoldersAndASetuidProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("bytes"), 0o755); err != nil {
		t.Fatal(err)
	}
	fake := &fakeDocker{images: map[string]map[string]string{}}
	id, err := serveDocker(t, fake, nil).dockerImport(t.Context(), program, "x")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"proc/ 755", "sys/ 755", "dev/ 755", "tmp/ 755", "etc/ 755", "guest/ 755", "setuid 4755"}
	if diff := cmp.Diff(want, fake.imported); diff != "" {
		t.Error(diff)
	}
	if _, labelled := fake.images[id][label]; !labelled {
		t.Errorf("image %s has the labels %v", id, fake.images[id])
	}
}

func TestWhatAnImportTells(t *testing.T) {
	id := "sha256:" + fakeID(9)
	for name, c := range map[string]struct{ told, want, err string }{
		"the id comes last":           {`{"status":"Importing"}` + "\n" + `{"status":"` + id + `"}`, id, ""},
		"an error among the messages": {`{"error":"no space left on device"}`, "", "no space left"},
		"no id":                       {`{"status":"done"}`, "", "told no id"},
		"nothing":                     {``, "", "told no id"},
		"an id that is a path":        {`{"status":"sha256:../../x"}`, "", "told no id"},
		"no JSON":                     {"hello", "", "answers"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dockerImported(strings.NewReader(c.told))
			if got != c.want || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestContainersOfALyingDaemon(t *testing.T) {
	api := serveDocker(t, &fakeDocker{}, map[string]http.HandlerFunc{
		"POST /v1.45/containers/create":   answer(201, `{"Id":"../../images/prune"}`),
		"GET /v1.45/containers/{id}/json": answer(200, `{"State":{"Pid":1}}`),
	})
	if id, err := api.create(t.Context(), container{}); err == nil {
		t.Errorf("an id that is a path was taken: %q", id)
	}
	if s, err := api.inspect(t.Context(), fakeID(1)); err == nil {
		t.Errorf("pid %d was taken for a container's", s.State.Pid)
	}
}

func TestARunIsTidiedUpAlsoWhenItWasCancelled(t *testing.T) {
	fake := &fakeDocker{
		containers: map[string]map[string]string{fakeID(8): {"a": "b"}, fakeID(9): {label: "1"}}, // 9 told no id
		images:     map[string]map[string]string{},
	}
	r := &runner{api: serveDocker(t, fake, nil), self: os.Args[0], nonce: "n"}
	var err error
	if r.image, err = r.api.dockerImport(t.Context(), "/dev/null", "n"); err != nil {
		t.Fatal(err)
	}
	for _, create := range []func(context.Context, dockerFolder) (string, error){r.createConfined, r.createConfined} {
		if _, err := create(t.Context(), dockerFolder{path: "/x"}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.tidy(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{fakeID(8)}, fake.left()); diff != "" {
		t.Error(diff)
	}
	if err := r.tidy(ctx); err != nil {
		t.Errorf("tidying up twice: %v", err)
	}
}

func TestTheConfinedContainerAsksForNothing(t *testing.T) {
	fake := &fakeDocker{containers: map[string]map[string]string{}}
	r := &runner{api: serveDocker(t, fake, nil), self: "/usr/lib/holm/holm-agent", nonce: "n", image: "i"}
	if _, err := r.createConfined(t.Context(), dockerFolder{path: "/folder"}); err != nil {
		t.Fatal(err)
	}
	want := []container{{
		Image: "i", User: "1001",
		Entrypoint: []string{"/etc/probe", "attempt", "docker-inside", `{"nonce":"n"}`},
		Labels:     map[string]string{label: "1"},
		HostConfig: hostConfig{
			ReadonlyRootfs: true, CapDrop: []string{"ALL"},
			Mounts: []mount{
				{Type: "bind", Source: "/usr/lib/holm/holm-agent", Target: "/etc/probe", ReadOnly: true},
				{Type: "bind", Source: "/folder", Target: guestDir},
			},
			Tmpfs: map[string]string{"/tmp": "mode=1777"},
		},
	}}
	if diff := cmp.Diff(want, fake.created); diff != "" {
		t.Error(diff)
	}
}
