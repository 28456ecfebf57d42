package k3stest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"holm/guest/k3sapi"
)

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.URL.Path)
	delay := s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return
	}
	switch {
	case len(r.TLS.PeerCertificates) == 0 && !s.Anonymous:
		refuse(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	case r.URL.Path == "/api" || r.URL.Path == "/version":
		answer(w, http.StatusOK, object{})
	case r.URL.Query().Get("watch") != "":
		s.watch(w, r)
	case r.Method == http.MethodGet:
		s.get(w, r.URL.Path)
	default:
		s.write(w, r)
	}
}

func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object{"kind": "Status", "code": code, "reason": reason, "message": message})
}

func answer(w http.ResponseWriter, code int, o any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(o)
}

func (s *Server) get(w http.ResponseWriter, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.objects[path]; ok {
		answer(w, http.StatusOK, o)
		return
	}
	if !collection(path) {
		refuse(w, http.StatusNotFound, "NotFound", path+" not found")
		return
	}
	items := []object{}
	for _, p := range slices.Sorted(keys(s.objects)) {
		if belongs(p, path) {
			items = append(items, s.objects[p])
		}
	}
	answer(w, http.StatusOK, object{"metadata": object{"resourceVersion": strconv.Itoa(s.version)}, "items": items})
}

// write decides one POST, PUT, PATCH or DELETE.
func (s *Server) write(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	body := object{}
	if err != nil || len(data) > 0 && json.Unmarshal(data, &body) != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "the object cannot be read")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path, old, ok := r.URL.Path, s.objects[r.URL.Path], true
	switch r.Method {
	case http.MethodPost:
		path = r.URL.Path + "/" + name(body)
		if _, exists := s.objects[path]; exists {
			refuse(w, http.StatusConflict, "AlreadyExists", path+" already exists")
			return
		}
	case http.MethodPatch:
		if ok = old != nil || strings.Contains(r.Header.Get("Content-Type"), "apply"); ok {
			if wanted, have := uid(body), uid(old); wanted != "" && have != wanted {
				refuse(w, http.StatusConflict, "Conflict", "Precondition failed: UID")
				return
			}
			body = merged(old, body)
		}
	default:
		ok = old != nil || r.Method == http.MethodDelete && collection(path)
	}
	if parent := parentOf(path); parent != "" && s.objects[parent] == nil {
		ok = false
	}
	if !ok {
		refuse(w, http.StatusNotFound, "NotFound", path+" not found")
		return
	}
	s.admitted(w, r, path, body)
}

// admitted asks admission and keeps what it lets pass. The lock is held.
func (s *Server) admitted(w http.ResponseWriter, r *http.Request, path string, body object) {
	if s.Admit != nil {
		no := s.Admit(Request{Method: r.Method, Path: r.URL.Path, User: r.Header.Get("Impersonate-User"), Object: body})
		if no != nil {
			refuse(w, no.Code, no.Reason, no.Message)
			return
		}
	}
	switch {
	case r.URL.Query().Get("dryRun") != "":
	case r.Method == http.MethodDelete:
		s.remove(path)
	case s.objects[path] == nil:
		s.put(path, body, k3sapi.Added)
	default:
		s.put(path, body, k3sapi.Modified)
	}
	code := http.StatusOK
	if r.Method == http.MethodPost {
		code = http.StatusCreated
	}
	answer(w, code, body)
}

// watch tells of changes until the client, or Cut, ends it.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "no resource version")
		return
	}
	s.mu.Lock()
	cut := s.cut
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	for {
		s.mu.Lock()
		news, changes, expired := s.news, slices.Clone(s.history), after < s.oldest
		s.mu.Unlock()
		if expired {
			gone := object{"code": http.StatusGone, "reason": "Expired", "message": "too old resource version"}
			_ = json.NewEncoder(w).Encode(object{"type": "ERROR", "object": gone})
			return
		}
		for _, c := range changes {
			if c.version > after && belongs(c.path, r.URL.Path) {
				_ = json.NewEncoder(w).Encode(object{"type": c.kind, "object": c.object})
			}
			after = max(after, c.version)
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-news:
		case <-cut:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// remove takes an object away, or all of a collection, and with a namespace all that is in it. The lock is held.
func (s *Server) remove(path string) {
	for _, p := range slices.Sorted(keys(s.objects)) {
		if p == path || belongs(p, path) || parentOf(p) == path {
			s.put(p, clone(s.objects[p]), k3sapi.Deleted)
		}
	}
}

// put keeps or removes an object and tells the watches. The lock is held, or nobody else has the server yet.
func (s *Server) put(path string, o object, kind string) {
	s.version++
	meta, _ := o["metadata"].(object)
	meta["resourceVersion"] = strconv.Itoa(s.version)
	if meta["uid"] == nil {
		meta["uid"] = fmt.Sprint("uid-", s.version)
	}
	if parent := parentOf(path); parent != "" {
		meta["namespace"] = parent[strings.LastIndex(parent, "/")+1:]
	}
	if kind == k3sapi.Deleted {
		delete(s.objects, path)
	} else {
		s.objects[path] = o
	}
	s.history = append(s.history, change{s.version, kind, path, clone(o)})
	close(s.news)
	s.news = make(chan struct{})
}
