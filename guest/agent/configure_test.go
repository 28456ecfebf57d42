package agent

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/probe"
)

const (
	goodStatus   = `{"v1":{"datasource":"DataSourceNoCloud","init":{"errors":[],"start":1.5},"init-local":{"errors":[],"recoverable_errors":{}},"stage":null}}`
	goodInstance = `{"id":"i-1","profile":"docker","user":"ops"}`
)

// guest is a root with a cloud-init of its own: a script that is told where the root is.
func guest(t *testing.T, script string) *Agent {
	t.Helper()
	root := t.TempDir()
	t.Setenv("HOLM_TEST_ROOT", root)
	put(t, root, "/usr/bin/cloud-init", "#!/bin/sh\nset -e\ncd \"$HOLM_TEST_ROOT\"\necho \"$@\" >>called\n"+script, 0o755)
	return &Agent{Root: root}
}

// writes is a script that leaves files.
func writes(files map[string]string) string {
	var b strings.Builder
	for path, content := range files {
		b.WriteString("mkdir -p ." + filepath.Dir(path) + "\ncat >." + path + " <<'END'\n" + content + "\nEND\n")
	}
	return b.String()
}

func TestTheFirstBootIsConfiguredByCloudInitAndNoOtherIs(t *testing.T) {
	a := guest(t, writes(map[string]string{cloudStatus: goodStatus, instanceFile: goodInstance}))
	put(t, a.Root, "/var/lib/cloud/instances/i-0/sem/done", "of a boot that was cut short", 0o600)
	want := Instance{ID: "i-1", Profile: probe.Docker, User: "ops"}
	for boot := range 3 {
		got, err := a.configure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("instance at boot %d (-want +got):\n%s", boot, diff)
		}
	}
	if got := read(t, a.Root, "called"); got != "init --local\n" {
		t.Errorf("cloud-init was called with %q, want once and for its local stage", got)
	}
	if a.exists("/var/lib/cloud/instances/i-0") {
		t.Error("what an earlier try has left is still there")
	}
	if got := read(t, a.Root, configuredMark); got != "i-1\n" {
		t.Errorf("the mark says %q", got)
	}
}

func TestABootThatWasNotConfiguredIsTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		says   string
	}{
		"no status":              {writes(map[string]string{instanceFile: goodInstance}), "cloud-init left no status"},
		"no status and a reason": {"exit 1", "exit status 1"},
		"errors in the status": {
			writes(map[string]string{instanceFile: goodInstance, cloudStatus: `{"v1":{"init-local":{"errors":["no seed"]}}}`}), "cloud-init: init-local: no seed",
		},
		"an exit that the status hides": {
			writes(map[string]string{instanceFile: goodInstance, cloudStatus: goodStatus}) + "echo first; echo last words >&2; exit 2", "exit status 2: last words",
		},
		"a seed that says nothing": {writes(map[string]string{cloudStatus: goodStatus}), "the seed did not say"},
		"a seed of rubbish":        {writes(map[string]string{cloudStatus: goodStatus, instanceFile: "id: 1"}), "read " + instanceFile},
	} {
		t.Run(name, func(t *testing.T) {
			a := guest(t, c.script)
			for range 2 {
				if _, err := a.configure(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error is %v, want it to say %q", err, c.says)
				}
			}
			if a.exists(configuredMark) {
				t.Error("it is marked as configured")
			}
			if got := read(t, a.Root, "called"); got != "init --local\ninit --local\n" {
				t.Errorf("cloud-init was called with %q, want once a boot", got)
			}
		})
	}
}

func TestWhatTheSeedAsksForIsSomethingThatTheImageHas(t *testing.T) {
	for name, instance := range map[string]string{
		"no profile":              `{"id":"i","user":"ops"}`,
		"a profile of the future": `{"id":"i","profile":"swarm","user":"ops"}`,
		"no user":                 `{"id":"i","profile":"plain"}`,
		"a user that climbs":      `{"id":"i","profile":"docker","user":"../../../etc/passwd"}`,
		"a user that is a path":   `{"id":"i","profile":"docker","user":"/etc/passwd"}`,
		"a user of two dots":      `{"id":"i","profile":"docker","user":".."}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := guest(t, writes(map[string]string{cloudStatus: goodStatus, instanceFile: instance}))
			if inst, err := a.configure(t.Context()); err == nil || inst != (Instance{}) {
				t.Errorf("instance is %+v, error is %v", inst, err)
			}
			if a.exists(configuredMark) {
				t.Error("it is marked as configured")
			}
		})
	}
}

func TestTheBenchmarksBootFindsCloudInitDone(t *testing.T) {
	t.Setenv("HOLM_CLOUD_INIT", "done")
	a := guest(t, "exit 1")
	put(t, a.Root, instanceFile, goodInstance, 0o600)
	if _, err := a.configure(t.Context()); err != nil {
		t.Error(err)
	}
	if a.exists("/called") {
		t.Error("cloud-init was called")
	}
}

func TestCloudInitStopsWithTheContext(t *testing.T) {
	a := guest(t, "touch begun; exec sleep 1000")
	if _, err := a.configure(ended(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that it was cancelled", err)
	}
}

func TestCloudInitsStatusIsReadForErrors(t *testing.T) {
	for name, c := range map[string]struct{ status, want string }{
		"none":                      {goodStatus, ""},
		"one":                       {`{"v1":{"init":{"errors":["no network"]}}}`, "init: no network"},
		"in two stages, by name":    {`{"v1":{"modules-final":{"errors":["c"]},"init":{"errors":["a","b"]},"init-local":{"errors":[]}}}`, "init: a; init: b; modules-final: c"},
		"only those that recover":   {`{"v1":{"init":{"errors":[],"recoverable_errors":{"WARNING":["old key"]}}}}`, ""},
		"null in place of a list":   {`{"v1":{"init":{"errors":null}}}`, ""},
		"a text in place of a list": {`{"v1":{"init":{"errors":"no network"}}}`, `init: "no network"`},
		"a map in place of a list":  {`{"v1":{"init":{"errors":{"a":1}}}}`, `init: {"a":1}`},
		"an empty error":            {`{"v1":{"init":{"errors":[""]}}}`, "init: "},
		"no stages":                 {`{"v1":{}}`, "its status says nothing"},
		"another version":           {`{"v2":{"init":{"errors":["x"]}}}`, "its status says nothing"},
		"nothing in it":             {`{}`, "its status says nothing"},
		"null":                      {`null`, "its status says nothing"},
		"a list":                    {`[]`, "its status is not JSON"},
		"an empty file":             {``, "its status is not JSON"},
		"a file that was cut":       {goodStatus[:40], "its status is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			got := cloudErrors([]byte(c.status))
			if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("errors are %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzCloudErrors(f *testing.F) {
	f.Add([]byte(goodStatus))
	f.Add([]byte(`{"v1":{"init":{"errors":["a"]},"b":{"errors":{}},"c":[],"d":null}}`))
	f.Add([]byte(`{"v1":{"":{"errors":[null]}}}`))
	f.Fuzz(func(t *testing.T, status []byte) {
		first := cloudErrors(status)
		if second := cloudErrors(status); second != first {
			t.Errorf("read twice, the errors are %q and %q", first, second)
		}
	})
}

func TestTheLastLineOf(t *testing.T) {
	for out, want := range map[string]string{"": "", "one": "one", "one\ntwo\n": "two", "one\n\n \n": "one"} {
		if got := lastLine([]byte(out)); got != want {
			t.Errorf("lastLine(%q) is %q, want %q", out, got, want)
		}
	}
}
