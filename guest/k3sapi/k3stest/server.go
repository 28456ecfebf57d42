// Package k3stest is an API server for tests. It behaves: it keeps objects, numbers their versions, refuses what exists
// already, tells watches of every change, and forgets its history when asked to. It decides nothing: admission is a
// function of the test.
package k3stest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"holm/guest/k3sapi"
)

// Request is what admission gets to see of one write.
type Request struct {
	Method string
	Path   string // without the query
	User   string // the impersonated one, "" for the administrator
	Object map[string]any
}

// Server is the API server. Its fields may be set before the first request only.
type Server struct {
	Admit     func(Request) *k3sapi.Error // nil for "yes"; only Code, Reason and Message of the answer count
	Anonymous bool                        // whether it answers those who bring no certificate, too

	server  *httptest.Server
	mu      sync.Mutex
	objects map[string]object // path → object
	version int
	oldest  int // watches from before this version get 410
	history []change
	cut     chan struct{} // closed to end all watches
	news    chan struct{} // closed at each change
	delay   time.Duration
	seen    []string // method and path of each request
}

type object = map[string]any

type change struct {
	version int
	kind    string
	path    string
	object  object
}

// New starts a server with the namespaces that Kubernetes makes; it ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{objects: map[string]object{}, cut: make(chan struct{}), news: make(chan struct{})}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.EnableHTTP2 = true
	s.server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	t.Cleanup(s.Cut)
	for _, name := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		s.put(k3sapi.Named(k3sapi.Namespaces, name), object{"metadata": object{"name": name}}, k3sapi.Added)
	}
	return s
}

// Access is how its administrator reaches it.
func (s *Server) Access(t testing.TB) k3sapi.Access {
	t.Helper()
	certificate, key := pair(t)
	return k3sapi.Access{
		Server: s.server.URL, CA: encode(s.server.Certificate()), Certificate: certificate, Key: key,
	}
}

// Client is a client of its administrator.
func (s *Server) Client(t testing.TB) *k3sapi.Client {
	t.Helper()
	c, err := k3sapi.New(s.Access(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Cut ends all watches that go on now.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cut)
	s.cut = make(chan struct{})
}

// Forget makes every version so far too old to watch from.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.oldest, s.history = s.version, nil
}

// Slow makes every answer wait.
func (s *Server) Slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Seen are the requests so far: "GET /api/v1/namespaces".
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
