package agent

import (
	"io"
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

// pong answers as GET /_ping does.
func pong(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/_ping" {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, "OK")
}

func TestADockerThatDoesNotAnswerWellIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		dockerd http.HandlerFunc // nil is nobody
		says    string
	}{
		"one who answers":     {pong, ""},
		"one who talks a lot": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 8<<20)) }, ""},
		"a page not found":    {http.NotFound, "GET /_ping: 404"},
		"nobody":              {nil, "docker.sock: connect: no such file"},
		"one who hangs up":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"one who redirects":   {http.RedirectHandler("http://10.0.0.1/", http.StatusFound).ServeHTTP, "GET /_ping: 302"},
		"one still starting":  {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) }, "GET /_ping: 503"},
		"one of long headers": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "server response headers exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			a, me := dockerd(t, c.dockerd)
			dir, err := runtimeDir(me)
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, pingDocker(t.Context(), a.path(dir+"/docker.sock")), c.says)
			if c.says != "" {
				wantError(t, a.awaitDocker(ended(t), me), "dockerd does not answer")
			}
		})
	}
}

func TestDockerIsWaitedFor(t *testing.T) {
	var asked atomic.Int32
	a, me := dockerd(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		pong(w, r)
	})
	wantError(t, a.awaitDocker(t.Context(), me), "")
	if n := asked.Load(); n != 3 {
		t.Errorf("it was asked %d times, want 3", n)
	}
}

func TestAUserThatCloudInitDidNotMakeIsReported(t *testing.T) {
	err := (&Agent{Root: t.TempDir()}).awaitDocker(t.Context(), "holm-no-such-user")
	wantError(t, err, `no user "holm-no-such-user"`)
}

func TestADockerThatItsOwnerHasMaskedIsNotWaitedFor(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{me.HomeDir + "/.config/systemd/user", "/etc/systemd/user"} {
		a, name := dockerd(t, pong)
		put(t, a.Root, filepath.Join(dir, "other.service"), "", 0o644)
		wantError(t, a.awaitDocker(t.Context(), name), "")
		if err := os.Symlink("/dev/null", filepath.Join(a.Root, dir, "docker.service")); err != nil {
			t.Fatal(err)
		}
		wantError(t, a.awaitDocker(t.Context(), name), "systemctl --user unmask docker")
	}
}
