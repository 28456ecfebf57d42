package agent

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// dockerd answers on the socket of the user who runs this test, below a root of its own.
func dockerd(t *testing.T, handler http.HandlerFunc) (a *Agent, name string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	root := shortDir(t)
	dir := filepath.Join(root, "run", "user", me.Uid)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if handler != nil {
		listener, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
		if err != nil {
			t.Fatal(err)
		}
		server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
		server.Start()
		t.Cleanup(server.Close)
	}
	return &Agent{Root: root}, me.Username
}

// info answers as GET /info of a daemon with these security options.
func info(options ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/info" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"ServerVersion": "26.1.5", "Driver": "overlay2", "SecurityOptions": options, "Containers": 3,
		})
	}
}

func TestDockerIsRootlessAndConfined(t *testing.T) {
	for name, c := range map[string]struct {
		options []string
		ok      bool
		found   string
	}{
		"as it should be": {
			[]string{"name=seccomp,profile=builtin", "name=rootless", "name=cgroupns", "name=no-new-privileges"},
			true,
			"docker 26.1.5, overlay2, rootless, seccomp, no-new-privileges",
		},
		"run by root":              {[]string{"name=seccomp,profile=builtin", "name=no-new-privileges"}, false, "runs without rootless"},
		"without seccomp":          {[]string{"name=rootless", "name=no-new-privileges"}, false, "runs without seccomp"},
		"with a seccomp of no use": {[]string{"name=rootless", "name=no-new-privileges", "name=seccomp,profile=unconfined"}, false, "runs without seccomp"},
		"with new privileges":      {[]string{"name=seccomp,profile=builtin", "name=rootless"}, false, "runs without no-new-privileges"},
		"with options nearly so":   {[]string{"name=seccompx", "name=rootlessly", "xname=no-new-privileges"}, false, "runs without rootless"},
		"without any options":      {nil, false, "runs without rootless"},
	} {
		t.Run(name, func(t *testing.T) {
			a, me := dockerd(t, info(c.options...))
			wantCheck(t, a.checkDocker(t.Context(), me), "docker-rootless", c.ok, c.found)
		})
	}
}

func TestADockerThatDoesNotAnswerWellIsAnError(t *testing.T) {
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	for name, c := range map[string]struct {
		dockerd http.HandlerFunc // nil is nobody
		says    string
	}{
		"rubbish":            {text("<html>"), "invalid character"},
		"nothing":            {text(""), "EOF"},
		"more than a MiB":    {text(`{"Driver":"` + strings.Repeat("x", 2<<20) + `"}`), "unexpected EOF"},
		"another kind":       {text(`["Driver"]`), "cannot unmarshal array"},
		"a page not found":   {http.NotFound, "GET /info: 404"},
		"nobody":             {nil, "docker.sock: connect: no such file"},
		"one who hangs up":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"one who redirects":  {http.RedirectHandler("/info", http.StatusFound).ServeHTTP, "stopped after 10 redirects"},
		"one still starting": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) }, "GET /info: 503"},
	} {
		t.Run(name, func(t *testing.T) {
			a, me := dockerd(t, c.dockerd)
			dir, err := runtimeDir(me)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := askDocker(t.Context(), a.path(dir+"/docker.sock")); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
			wantCheck(t, a.checkDocker(ended(t), me), "docker-rootless", false, "dockerd does not answer")
		})
	}
}

func TestDockerIsWaitedFor(t *testing.T) {
	var asked atomic.Int32
	good := info("name=seccomp,profile=builtin", "name=rootless", "name=no-new-privileges")
	a, me := dockerd(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		good(w, r)
	})
	wantCheck(t, a.checkDocker(t.Context(), me), "docker-rootless", true, "rootless")
	if n := asked.Load(); n != 3 {
		t.Errorf("it was asked %d times, want 3", n)
	}
}

func TestAUserThatCloudInitDidNotMakeIsReported(t *testing.T) {
	got := (&Agent{Root: t.TempDir()}).checkDocker(t.Context(), "holm-no-such-user")
	wantCheck(t, got, "docker-rootless", false, `no user "holm-no-such-user"`)
}
