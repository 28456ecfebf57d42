package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestARootThatCanBeWrittenIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		dirs  []string
		found string
	}{
		"all of it":              {[]string{"usr", "boot"}, "/ can be written"},
		"where a folder is gone": {nil, "/ can be written"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range c.dirs {
				if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			wantCheck(t, (&Agent{Root: root}).checkRoot(), "root-readonly", false, c.found)
			entries, err := os.ReadDir(root)
			if err != nil || len(entries) != len(c.dirs) {
				t.Errorf("the check left %v (%v)", entries, err)
			}
		})
	}
}

// Any other refusal than that of a read-only file system proves nothing: permissions can be changed by root.
func TestARootThatRefusesForAnotherReasonIsReported(t *testing.T) {
	got := (&Agent{Root: filepath.Join(t.TempDir(), "none")}).checkRoot()
	wantCheck(t, got, "root-readonly", false, "no such file")
}

func TestADockerSocketOfRootsIsReported(t *testing.T) {
	a := &Agent{Root: t.TempDir()}
	wantCheck(t, a.checkNoRootfulDocker(), "no-rootful-docker", true, "no /run/docker.sock")
	put(t, a.Root, "/run/docker.sock", "", 0o600)
	wantCheck(t, a.checkNoRootfulDocker(), "no-rootful-docker", false, "/run/docker.sock is there")
}

func TestTheHostKeyIsThereAndSSHListens(t *testing.T) {
	sshd, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sshd.Close() }()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := deaf.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, address string
		ok           bool
		found        string
	}{
		"both":               {"ssh-ed25519 AAAA root@web\n", sshd.Addr().String(), true, "ed25519, sshd listens"},
		"no key":             {"", sshd.Addr().String(), false, "no ed25519 host key"},
		"a key of RSA":       {"ssh-rsa AAAA root@web\n", sshd.Addr().String(), false, "no ed25519 host key"},
		"nobody who listens": {"ssh-ed25519 AAAA root@web\n", deaf.Addr().String(), false, "sshd does not listen"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Agent{Root: t.TempDir(), SSH: c.address}
			if c.key != "" {
				put(t, a.Root, hostKeyFile, c.key, 0o644)
			}
			ctx := t.Context()
			if !c.ok {
				ctx = ended(t)
			}
			wantCheck(t, a.checkHostKey(ctx), "host-key", c.ok, c.found)
		})
	}
}

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

func TestOnlyTheDockerProfileIsAskedForDocker(t *testing.T) {
	a := &Agent{Root: t.TempDir()}
	for profile, want := range map[string][]string{
		ProfilePlain:  {"root-readonly", "host-key"},
		ProfileDocker: {"root-readonly", "host-key", "no-rootful-docker", "docker-rootless"},
	} {
		var ids []string
		for _, c := range a.check(ended(t), Instance{Profile: profile, User: "holm-no-such-user"}) {
			ids = append(ids, c.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("checks of profile %s (-want +got):\n%s", profile, diff)
		}
	}
}

func TestWhatNeedsTimeIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		works int           // at which try
		time  time.Duration // how much there is
		tries int
		says  string // "" for success
	}{
		"at once":                    {1, time.Second, 1, ""},
		"at the third try":           {3, time.Second, 3, ""},
		"not in time":                {100, time.Second, 5, "try 4"},
		"with no time, it had a try": {100, 0, 1, "try 1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.time+time.Millisecond)
				defer cancel()
				if c.time == 0 {
					cancel()
				}
				tries := 0
				err := until(ctx, func() error {
					if tries++; tries == c.works {
						return nil
					}
					if tries == 5 {
						<-ctx.Done() // a try that is cut short knows only that
						return ctx.Err()
					}
					return fmt.Errorf("try %d", tries)
				})
				if tries != c.tries || (c.says == "") != (err == nil) || err != nil && err.Error() != c.says {
					t.Errorf("after %d tries: %v; want %d and %q", tries, err, c.tries, c.says)
				}
			})
		})
	}
}
