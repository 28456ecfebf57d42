package k3sapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holm/guest/k3sapi"
	"holm/guest/k3sapi/k3stest"
)

func TestTheAPIsNoIsAnError(t *testing.T) {
	s := k3stest.New(t)
	s.Admit = func(k3stest.Request) *k3sapi.Error {
		return &k3sapi.Error{Code: http.StatusForbidden, Reason: "Forbidden", Message: "denied"}
	}
	err := s.Client(t).Create(t.Context(), k3sapi.Namespaces, k3sapi.NewNamespace("web", nil), nil)
	no, ok := errors.AsType[*k3sapi.Error](err)
	if !ok || no.Code != http.StatusForbidden || no.Reason != "Forbidden" || no.Message != "denied" {
		t.Errorf("got %v", err)
	}
	if k3sapi.Code(nil) != 0 || k3sapi.Code(context.Canceled) != 0 {
		t.Error("other errors have no code")
	}
}

func TestADryRunKeepsNothing(t *testing.T) {
	api := k3stest.New(t).Client(t)
	if err := api.DryRun().Create(t.Context(), k3sapi.Namespaces, k3sapi.NewNamespace("web", nil), nil); err != nil {
		t.Fatal(err)
	}
	if err := api.Get(t.Context(), k3sapi.Named(k3sapi.Namespaces, "web"), nil); k3sapi.Code(err) != http.StatusNotFound {
		t.Errorf("got %v", err)
	}
}

func TestAnotherUserIsNamed(t *testing.T) {
	s := k3stest.New(t)
	var user string
	s.Admit = func(r k3stest.Request) *k3sapi.Error { user = r.User; return nil }
	if err := s.Client(t).As("mallory").Create(t.Context(), k3sapi.Namespaces, k3sapi.NewNamespace("web", nil), nil); err != nil {
		t.Fatal(err)
	}
	if user != "mallory" {
		t.Errorf("it came from %q", user)
	}
}

func TestAServerOfAnotherCAIsRefused(t *testing.T) {
	access := k3stest.New(t).Access(t)
	access.CA = access.Certificate
	api, err := k3sapi.New(access)
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Get(t.Context(), k3sapi.Namespaces, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}

// odd is a client of a server that answers as the handler does.
func odd(t *testing.T, handler http.HandlerFunc) *k3sapi.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	access := k3stest.New(t).Access(t)
	access.Server = server.URL
	api, err := k3sapi.New(access)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestOddAnswersAreErrors(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		},
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{}"))
		},
		"a no without words": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	} {
		var out k3sapi.Object
		if err := odd(t, handler).Get(t.Context(), "/api", &out); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAWatchEnds(t *testing.T) {
	line := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, text) }
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		events  int
		code    int
		fails   bool
	}{
		"in good order when the server ends it": {line(`{"type":"ADDED","object":{}}`), 1, 0, false},
		"past bookmarks":                        {line(`{"type":"BOOKMARK","object":{}}`), 0, 0, false},
		"when the version is too old":           {line(`{"type":"ERROR","object":{"code":410,"reason":"Expired"}}`), 0, http.StatusGone, true},
		"at an event that is none":              {line(`{"type":"SING"}`), 0, 0, true},
		"at half an event":                      {line(`{"type":"ADD`), 0, 0, true},
		"at an event without end":               {line(strings.Repeat("x", 5<<20)), 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			events := 0
			err := odd(t, c.handler).Watch(t.Context(), "/api/v1/namespaces", "1", time.Minute, func(k3sapi.Event) error { events++; return nil })
			if events != c.events || (err != nil) != c.fails || k3sapi.Code(err) != c.code {
				t.Errorf("%d events, %v", events, err)
			}
		})
	}
}
