package bounds

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const uuid = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e90"

// started is a process of a user that looks like a domain's QEMU, and the host on which it runs.
func started(t *testing.T, uid int, args ...string) (System, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "sleep 60", "-uuid"}, args...)...)
	if uid != os.Getuid() {
		number := uint32(uid) // #nosec G115 -- a user is no negative number
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: number, Gid: number}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	s := System{Proc: "/proc", PIDs: t.TempDir()}
	if err := os.WriteFile(filepath.Join(s.PIDs, "holm.acme.web.pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, cmd.Process.Pid
}

func TestAProcessIsHeldToItsLimits(t *testing.T) {
	const tenants = 2000000001
	for whose, uid := range map[string]int{"one's own": os.Getuid(), "another user's": tenants} {
		t.Run(whose, func(t *testing.T) {
			if uid == tenants && os.Geteuid() != 0 {
				t.Skip("only root starts a process of another user")
			}
			s, pid := started(t, uid, uuid)
			for range 2 {
				if err := s.Hold("holm.acme.web", uuid, uid); err != nil {
					t.Fatal(err)
				}
			}
			for what, most := range map[string]int{"Max open files": Files, "Max processes": Threads} {
				if !regexp.MustCompile(fmt.Sprintf(`%s +\d+ +%d `, what, most)).MatchString(limits(t, pid)) {
					t.Errorf("%s are not %d:\n%s", what, most, limits(t, pid))
				}
			}
		})
	}
}

func TestNoLimitIsRaised(t *testing.T) {
	s, pid := started(t, os.Getuid(), uuid)
	few := &unix.Rlimit{Cur: 100, Max: 200}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, few, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold("holm.acme.web", uuid, os.Getuid()); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`Max open files +100 +200 `).MatchString(limits(t, pid)) {
		t.Error(limits(t, pid))
	}
}

func limits(t *testing.T, pid int) string {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestAProcessThatIsSomebodyElsesIsLeftAlone(t *testing.T) {
	s, pid := started(t, os.Getuid(), "another")
	before := limits(t, pid)
	for what, err := range map[string]error{
		"one of another domain": s.Hold("holm.acme.web", uuid, os.Getuid()),
		"without a UUID":        s.Hold("holm.acme.web", "", os.Getuid()),
		"without a pid file":    s.Hold("holm.acme.db", uuid, os.Getuid()),
	} {
		if err == nil {
			t.Errorf("%s was held", what)
		}
	}
	for _, content := range []string{"", "0\n", "-1\n", "x\n", "99999999999\n"} {
		if err := os.WriteFile(filepath.Join(s.PIDs, "holm.acme.web.pid"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold("holm.acme.web", uuid, os.Getuid()); err == nil {
			t.Errorf("the process %q was held", content)
		}
	}
	if after := limits(t, pid); before != after {
		t.Errorf("its limits changed:\n%s", after)
	}
}
