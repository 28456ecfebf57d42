package inside

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const neighbour = 12346

// give gives files to a user of that number.
func give(t *testing.T, uid int, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Lchown(path, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
}

func make700(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// whose is to whom a home belongs that a test makes: root's, or a user's that root has taken over.
func homeOf(t *testing.T, uid int) (*world, string, []string) {
	t.Helper()
	w, home, flags := atHome(t)
	for _, dir := range []string{filepath.Dir(filepath.Dir(home)), filepath.Dir(home)} { // TempDir's are root's alone
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	give(t, uid, home)
	return w, home, flags
}

func TestNothingIsInstalledThroughLinksOrIntoWhatIsSomebodyElses(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root gives files away")
	}
	for name, lay := range map[string]func(t *testing.T, home, elsewhere string, uid int){
		"~/.ssh is a link":    func(t *testing.T, home, elsewhere string, _ int) { link(t, elsewhere, filepath.Join(home, ".ssh")) },
		"~/.ssh is another's": func(t *testing.T, home, _ string, _ int) { make700(t, home+"/.ssh"); give(t, neighbour, home+"/.ssh") },
		"~/.docker is a link": func(t *testing.T, home, elsewhere string, _ int) { link(t, elsewhere, filepath.Join(home, ".docker")) },
		"~/.docker is not ours": func(t *testing.T, home, _ string, _ int) {
			make700(t, home+"/.docker")
			give(t, neighbour, home+"/.docker")
		},
		"~/.ssh/holm is a link": func(t *testing.T, home, elsewhere string, uid int) {
			make700(t, home+"/.ssh")
			give(t, uid, home+"/.ssh")
			link(t, elsewhere, home+"/.ssh/holm")
		},
		"~/.ssh/holm is another's": func(t *testing.T, home, _ string, uid int) {
			make700(t, home+"/.ssh/holm")
			give(t, uid, home+"/.ssh")
			give(t, neighbour, home+"/.ssh/holm")
		},
		"~/.ssh/config is a link": func(t *testing.T, home, elsewhere string, uid int) {
			make700(t, home+"/.ssh")
			give(t, uid, home+"/.ssh")
			link(t, elsewhere+"/config", home+"/.ssh/config")
		},
		"~/.ssh/config is another's": func(t *testing.T, home, _ string, uid int) {
			make700(t, home+"/.ssh")
			if err := os.WriteFile(home+"/.ssh/config", nil, 0o644); err != nil {
				t.Fatal(err)
			}
			give(t, uid, home+"/.ssh")
			give(t, neighbour, home+"/.ssh/config")
		},
	} {
		for whose, uid := range map[string]int{"root's own home": 0, "a home that root has taken over": 12345} {
			t.Run(name+", "+whose, func(t *testing.T) {
				w, home, flags := homeOf(t, uid)
				elsewhere := t.TempDir()
				give(t, uid, elsewhere) // where its owner could write to, too
				if err := os.WriteFile(elsewhere+"/config", nil, 0o600); err != nil {
					t.Fatal(err)
				}
				give(t, uid, elsewhere+"/config")
				lay(t, home, elsewhere, uid)
				got := w.Run(t, append(flags, "docker-context", "web", "--use")...)
				if got.Code == 0 || !strings.Contains(got.Err, "is a link") && !strings.Contains(got.Err, "belongs to user") {
					t.Errorf("exit %d\n%s%s", got.Code, got.Out, got.Err)
				}
				if len(w.Programs) > 0 {
					t.Errorf("docker was run: %q", w.Programs)
				}
				if info, err := os.Stat(elsewhere + "/config"); err != nil || info.Size() > 0 {
					t.Errorf("what the link leads to was written: %v, %v", info, err)
				}
				if left, err := os.ReadDir(elsewhere); err != nil || len(left) != 1 {
					t.Errorf("what the link leads to holds %v, %v", left, err)
				}
			})
		}
	}
}

func TestAConfigurationThatIsKeptElsewhereAndIncludesHolmsIsLeftAlone(t *testing.T) {
	w, home, flags := atHome(t)
	elsewhere := t.TempDir()
	make700(t, filepath.Join(home, ".ssh"))
	if err := os.WriteFile(elsewhere+"/config", []byte(include+"Host mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, elsewhere+"/config", home+"/.ssh/config")
	if got := w.Run(t, append(flags, "docker-context", "web", "--use")...); got.Code != 0 {
		t.Fatalf("exit %d\n%s%s", got.Code, got.Out, got.Err)
	}
	if _, err := os.Lstat(home + "/.ssh/holm/holm-web.conf"); err != nil {
		t.Error(err)
	}
	if to, err := os.Readlink(home + "/.ssh/config"); err != nil || to != elsewhere+"/config" {
		t.Errorf("the link is %q, %v", to, err)
	}
}

// Root goes where a path leads: one that a user has laid must lead it no further than the user.
func TestAKubeconfigLeadsRootNowhere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root gives files away")
	}
	cat := saying(kubeconfigOf(t, kubeAccess(t)))
	roots := t.TempDir()
	_, home, _ := homeOf(t, 12345)
	link(t, roots, home+"/.kube")
	give(t, 12345, home+"/.kube")
	if got := runKube(t, kubeWorld(t, cat), "web", "--file", home+"/.kube/config"); got.Code == 0 {
		t.Errorf("a folder of root's was written to: %s", got.Err)
	}
	if left, err := os.ReadDir(roots); err != nil || len(left) > 0 {
		t.Errorf("a folder of root's holds %v, %v", left, err)
	}

	if err := os.Remove(home + "/.kube"); err != nil {
		t.Fatal(err)
	}
	make700(t, home+"/.kube")
	give(t, neighbour, home+"/.kube")
	if got := runKube(t, kubeWorld(t, cat), "web", "--file", home+"/.kube/config"); got.Code == 0 || !strings.Contains(got.Err, "belongs to user 12346") {
		t.Errorf("a folder of a neighbour's was written to: exit %d\n%s", got.Code, got.Err)
	}
	give(t, 12345, home+"/.kube")
	if got := runKube(t, kubeWorld(t, cat), "web", "--file", home+"/.kube/config"); got.Code != 0 {
		t.Fatalf("exit %d\n%s%s", got.Code, got.Out, got.Err)
	}
	info, err := os.Lstat(home + "/.kube/config")
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 12345 || info.Mode().Perm() != 0o600 {
		t.Errorf("it belongs to %d, mode %v", uid, info.Mode())
	}
}
