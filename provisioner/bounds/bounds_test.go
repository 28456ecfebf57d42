package bounds

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

const uuid = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e90"

// started is a process that looks like a domain's QEMU, and the host on which it runs.
func started(t *testing.T, args ...string) (System, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "sleep 60", "-uuid"}, args...)...)
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
	s, pid := started(t, uuid)
	if err := s.Hold("holm.acme.web", uuid); err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for what, most := range map[string]int{"Max open files": Files, "Max processes": Threads} {
		if !regexp.MustCompile(fmt.Sprintf(`%s +%d +%d `, what, most, most)).Match(limits) {
			t.Errorf("%s are not %d:\n%s", what, most, limits)
		}
	}
}

func TestAProcessThatIsSomebodyElsesIsLeftAlone(t *testing.T) {
	s, pid := started(t, "another")
	before, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	for what, err := range map[string]error{
		"one of another domain": s.Hold("holm.acme.web", uuid),
		"without a UUID":        s.Hold("holm.acme.web", ""),
		"without a pid file":    s.Hold("holm.acme.db", uuid),
	} {
		if err == nil {
			t.Errorf("%s was held", what)
		}
	}
	for _, content := range []string{"", "0\n", "-1\n", "x\n", "99999999999\n"} {
		if err := os.WriteFile(filepath.Join(s.PIDs, "holm.acme.web.pid"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold("holm.acme.web", uuid); err == nil {
			t.Errorf("the process %q was held", content)
		}
	}
	if after, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid)); string(before) != string(after) {
		t.Errorf("its limits changed:\n%s", after)
	}
}
