package rootfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

// privilegedTree makes programs with the bits that Debian gives them.
func privilegedTree(t *testing.T, programs map[string]fs.FileMode) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	for name, mode := range programs {
		put(t, filepath.Join(root, name), "program")
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOnlyProgramsThatNeedAPrivilegeKeepOne(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("left out: capabilities of files; only root sets them")
	}
	root := privilegedTree(t, map[string]fs.FileMode{
		"usr/bin/sudo":         fs.ModeSetuid | 0o755,
		"usr/bin/newuidmap":    fs.ModeSetuid | 0o755,
		"usr/bin/newgidmap":    fs.ModeSetuid | 0o755,
		"usr/bin/su":           fs.ModeSetuid | 0o755,
		"usr/bin/chage":        fs.ModeSetgid | 0o755,
		"usr/sbin/unix_chkpwd": fs.ModeSetgid | 0o755,
		"usr/bin/cat":          0o755,
	})
	left, err := SettlePrivileges(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range left {
		got = append(got, p.File+" "+p.By)
		if p.Why == "" {
			t.Errorf("nobody says why %s has a privilege", p.File)
		}
	}
	want := []string{"/usr/bin/newgidmap cap_setgid", "/usr/bin/newuidmap cap_setuid", "/usr/bin/sudo setuid root"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("left are (-want +got):\n%s", diff)
	}
	modes := map[string]fs.FileMode{}
	for _, name := range []string{"sudo", "newuidmap", "newgidmap", "su", "chage", "cat"} {
		info, err := os.Stat(filepath.Join(root, "usr/bin", name))
		if err != nil {
			t.Fatal(err)
		}
		modes[name] = info.Mode()
	}
	if diff := cmp.Diff(map[string]fs.FileMode{
		"sudo": fs.ModeSetuid | 0o755, "newuidmap": 0o755, "newgidmap": 0o755, "su": 0o755, "chage": 0o755, "cat": 0o755,
	}, modes); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
	// As setcap writes "cap_setuid=ep".
	attr := make([]byte, 64)
	n, err := unix.Getxattr(filepath.Join(root, "usr/bin/newuidmap"), capabilityAttr, attr)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]byte("\x01\x00\x00\x02\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), attr[:n]); diff != "" {
		t.Errorf("capabilities (-want +got):\n%s", diff)
	}
	if again, err := SettlePrivileges(root); err != nil || !cmp.Equal(left, again) {
		t.Errorf("settled again, left are %v (%v)", again, err)
	}
}

func TestAProgramThatNobodyHasJudgedStopsTheBuild(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		mode fs.FileMode
	}{
		"setuid":                          {"usr/bin/pkexec", fs.ModeSetuid | 0o755},
		"setgid":                          {"usr/bin/crontab", fs.ModeSetgid | 0o755},
		"both":                            {"usr/games/chess", fs.ModeSetuid | fs.ModeSetgid | 0o711},
		"a known name in another folder":  {"usr/local/bin/sudo", fs.ModeSetuid | 0o755},
		"one that nobody can run":         {"var/lib/odd", fs.ModeSetuid | 0o600},
		"a known name with more after it": {"usr/bin/sudo.orig", fs.ModeSetuid | 0o755},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := SettlePrivileges(privilegedTree(t, map[string]fs.FileMode{c.file: c.mode}))
			wantFault(t, err, fault.Failure, "/"+c.file)
		})
	}
}

func TestAProgramWithCapabilitiesThatNobodyHasJudgedStopsTheBuild(t *testing.T) {
	root := privilegedTree(t, map[string]fs.FileMode{"usr/bin/ping": 0o755})
	err := unix.Setxattr(filepath.Join(root, "usr/bin/ping"), capabilityAttr, capabilities(1<<unix.CAP_NET_RAW), 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		t.Skipf("left out: capabilities of files: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = SettlePrivileges(root)
	wantFault(t, err, fault.Failure, "/usr/bin/ping")
}

func TestAFolderWithTheSetgidBitIsNoProgram(t *testing.T) {
	root := privilegedTree(t, map[string]fs.FileMode{"var/mail/.keep": 0o600})
	if err := os.Chmod(filepath.Join(root, "var/mail"), fs.ModeSetgid|0o775); err != nil {
		t.Fatal(err)
	}
	if left, err := SettlePrivileges(root); err != nil || len(left) != 0 {
		t.Errorf("left are %v (%v)", left, err)
	}
}

func TestEveryJudgementHasAReason(t *testing.T) {
	for file, why := range ungranted {
		if _, both := granted(file); both || why == "" || filepath.IsAbs(file) {
			t.Errorf("%s: granted too: %v, why %q", file, both, why)
		}
	}
}
