package inside

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/term"
)

// atHome is a world in which web can be reached by ssh, and a home that is empty.
func atHome(t *testing.T) (*world, string, []string) {
	t.Helper()
	home, state := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	for _, path := range []string{"instances/0123456789ab/known_hosts", "keys/ssh_ed25519"} {
		file := filepath.Join(state, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return newWorld(), home, []string{"--state", state}
}

func TestDockerContextPrintsWhatSSHAndDockerNeed(t *testing.T) {
	w, home, flags := atHome(t)
	got := w.Run(t, append(flags, "docker-context", "web")...)
	for _, want := range []string{
		"\nHost holm-web\n", "    HostName=10.77.0.12\n", "    User=ops\n", "    StrictHostKeyChecking=yes\n", "    HostKeyAlias=0123456789ab\n",
		"    IdentityAgent=none\n", "    BatchMode=yes\n", "    ControlMaster=auto\n", "    ControlPersist=60\n", "    ServerAliveInterval=15\n",
		"\ndocker context create holm-web --docker host=ssh://holm-web\n",
	} {
		if !strings.Contains(got.Out, want) {
			t.Errorf("%q is not in what is printed:\n%s%s", want, got.Out, got.Err)
		}
	}
	if left, _ := os.ReadDir(home); len(left) > 0 || len(w.Programs) > 0 {
		t.Errorf("something was changed: %v, %v", left, w.Programs)
	}
}

func TestDockerContextUseInstallsItOnceAndKeepsWhatIsThere(t *testing.T) {
	w, home, flags := atHome(t)
	config := filepath.Join(home, ".ssh", "config")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("Host mine\n    User me\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := w.Run(t, append(flags, "docker-context", "web", "--use")...); got.Code != 0 || got.Out != "" {
			t.Fatalf("exit %d\n%s%s", got.Code, got.Out, got.Err)
		}
	}
	content, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("Include holm/*.conf\nHost mine\n    User me\n", string(content)); diff != "" {
		t.Errorf("~/.ssh/config (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	block, err := os.ReadFile(filepath.Join(home, ".ssh", "holm", "holm-web.conf"))
	if err != nil || !strings.HasPrefix(string(block), "Host holm-web\n") {
		t.Errorf("the block is %q, %v", block, err)
	}
	want := []string{"docker\ncontext\ncreate\nholm-web\n--docker\nhost=ssh://holm-web", "docker\ncontext\nuse\nholm-web"}
	if diff := cmp.Diff(append(want, want...), w.Programs); diff != "" {
		t.Errorf("what was run (-want +got):\n%s", diff)
	}
}

func TestDockerContextUpdatesAContextThatIsThere(t *testing.T) {
	w, home, flags := atHome(t)
	meta := contextMeta(filepath.Join(home, ".docker"), "holm-web")
	if err := os.MkdirAll(filepath.Dir(meta), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(meta, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Run(t, append(flags, "docker-context", "web", "--use")...)
	if len(w.Programs) != 2 || !strings.Contains(w.Programs[0], "\nupdate\n") {
		t.Errorf("what was run is %q", w.Programs)
	}
}

func TestDockerContextRefusesWhatHasNoDocker(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		args   []string
		code   int
	}{
		"another profile":         {func(w *world) { w.Instances[2].Profile = "plain" }, nil, 9},
		"an instance that is off": {func(w *world) { w.Instances[2].DomainState = "off" }, nil, 1},
		"a key that is not there": {func(*world) {}, []string{"--identity", "/nonexistent"}, 2},
		"an address that is none": {func(w *world) { w.Instances[2].Address = netip.MustParseAddr("fe80::1%a\nProxyCommand=x") }, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, flags := atHome(t)
			c.change(w)
			got := w.RunOn(t, func(*term.Streams) {}, append(append(flags, "docker-context", "web"), c.args...)...)
			if got.Code != c.code || got.Out != "" {
				t.Errorf("exit %d, want %d\n%s%s", got.Code, c.code, got.Out, got.Err)
			}
		})
	}
}

func TestYourOwnKeyMayAskAndMayLiveInAnAgent(t *testing.T) {
	w, home, flags := atHome(t)
	key := filepath.Join(home, "id.pub")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"a file": {"--identity", key}, "whatever ssh has": {"--own-keys"}} {
		got := w.Run(t, append(append(flags, "docker-context", "web"), args...)...)
		for _, word := range []string{"BatchMode", "IdentityAgent", "ssh_ed25519"} {
			if strings.Contains(got.Out, word) {
				t.Errorf("%s: %s stands in the block:\n%s", name, word, got.Out)
			}
		}
		if !strings.Contains(got.Out, "StrictHostKeyChecking=yes") || !strings.Contains(got.Err, "no key of yours") {
			t.Errorf("%s:\n%s%s", name, got.Out, got.Err)
		}
		if strings.Contains(got.Out, key) != (name == "a file") {
			t.Errorf("%s: the key is not the one:\n%s", name, got.Out)
		}
	}
}

func TestNoTwoInstancesShareAnAlias(t *testing.T) {
	seen := map[string]string{}
	for _, who := range [][2]string{
		{"default", "web"}, {"default", "a-web"}, {"a", "web"}, {"a", "b-c"}, {"a-b", "c"}, {"default", "a-b-c"}, {"a", "a"}, {"b", "a"},
	} {
		alias := aliasOf(who[0], who[1])
		if other, there := seen[alias]; there {
			t.Errorf("%v is called %s, as %s is", who, alias, other)
		}
		seen[alias] = who[0] + "/" + who[1]
	}
}

func TestDockerConfigIsWhereTheCallerHasIt(t *testing.T) {
	w, home, flags := atHome(t)
	dir := filepath.Join(home, "elsewhere")
	meta := contextMeta(dir, "holm-web")
	if err := os.MkdirAll(filepath.Dir(meta), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(meta, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Env = map[string]string{"DOCKER_CONFIG": dir}
	got := w.Run(t, append(flags, "docker-context", "web", "--use")...)
	if got.Code != 0 || len(w.Programs) != 2 || !strings.Contains(w.Programs[0], "\nupdate\n") {
		t.Errorf("exit %d, what was run is %q", got.Code, w.Programs)
	}
}

func TestWhatRootWritesIntoAHomeIsItsOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: whose the files are is not tested")
	}
	w, home, flags := atHome(t)
	parent := filepath.Dir(filepath.Dir(home)) // TempDir's folders are root's alone
	for _, dir := range []string{parent, filepath.Dir(home)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(home, ".ssh", "config")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("Host mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{home, filepath.Dir(config), config} {
		if err := os.Chown(path, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.Run(t, append(flags, "docker-context", "web", "--use")...); got.Code != 0 {
		t.Fatalf("exit %d\n%s%s", got.Code, got.Out, got.Err)
	}
	for _, path := range []string{".ssh/config", ".ssh/holm", ".ssh/holm/holm-web.conf"} {
		info, err := os.Stat(filepath.Join(home, path))
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 12345 {
			t.Errorf("%s belongs to %d", path, uid)
		}
	}
	block, err := os.ReadFile(filepath.Join(home, ".ssh", "holm", "holm-web.conf"))
	if err != nil || strings.Contains(string(block), "ssh_ed25519") {
		t.Errorf("the block names a key that its owner cannot read: %s %v", block, err)
	}
}
