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

	"holm/provisioner/emulator"
)

const uuid = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e90"

// started is a process of a user that looks like a domain's QEMU, and the host on which it runs.
func started(t *testing.T, uid int, args ...string) (System, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "read line"}, args...)...)
	input, err := cmd.StdinPipe() // it waits for a line that never comes
	if err != nil {
		t.Fatal(err)
	}
	if uid != os.Getuid() {
		number := uint32(uid) // #nosec G115 -- a user is no negative number
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: number, Gid: number}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = input.Close(); _ = cmd.Wait() })
	s := System{emulator.Place{Proc: "/proc", PIDs: t.TempDir()}}
	if err := os.WriteFile(filepath.Join(s.Emulators.PIDs, "holm.acme.web.pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, cmd.Process.Pid
}

// live is what libvirt says of a domain whose emulator is the program of a process.
func live(t *testing.T, pid int) string {
	t.Helper()
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	return "<domain><devices><emulator>" + exe + "</emulator></devices></domain>"
}

func TestAProcessIsHeldToItsLimits(t *testing.T) {
	const tenants = 2000000001
	for whose, uid := range map[string]int{"one's own": os.Getuid(), "another user's": tenants} {
		t.Run(whose, func(t *testing.T) {
			if uid == tenants && os.Geteuid() != 0 {
				t.Skip("only root starts a process of another user")
			}
			s, pid := started(t, uid, "-uuid", uuid)
			for range 2 {
				if err := s.Hold("holm.acme.web", uuid, live(t, pid), uid); err != nil {
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
	s, pid := started(t, os.Getuid(), "-uuid", uuid)
	few := &unix.Rlimit{Cur: 100, Max: 200}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, few, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Hold("holm.acme.web", uuid, live(t, pid), os.Getuid()); err != nil {
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
	const domain = "holm.acme.web"
	self := os.Getuid()
	for what, c := range map[string]struct {
		domain, uuid string
		uid          int
		args         []string
		live         func(string) string
	}{
		"one of another domain":               {domain, uuid, self, []string{"-uuid", "another"}, nil},
		"one that has the UUID in its text":   {domain, uuid, self, []string{"-uuid", "another", "-name", uuid}, nil},
		"one whose option is part of another": {domain, uuid, self, []string{"-uuid=" + uuid}, nil},
		"without a UUID":                      {domain, "", self, []string{"-uuid", ""}, nil},
		"without a pid file":                  {"holm.acme.db", uuid, self, []string{"-uuid", uuid}, nil},
		"one that runs another program":       {domain, uuid, self, []string{"-uuid", uuid}, func(string) string { return "<domain><devices><emulator>/usr/bin/qemu</emulator></devices></domain>" }},
		"one of which libvirt says nothing":   {domain, uuid, self, []string{"-uuid", uuid}, func(string) string { return "" }},
		"one of another user":                 {domain, uuid, 2000000001, []string{"-uuid", uuid}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			if c.uid != self && os.Geteuid() != 0 {
				t.Skip("only root acts as another user")
			}
			s, pid := started(t, self, c.args...)
			before, says := limits(t, pid), live(t, pid)
			if c.live != nil {
				says = c.live(says)
			}
			if err := s.Hold(c.domain, c.uuid, says, c.uid); err == nil {
				t.Error("it was held")
			}
			if after := limits(t, pid); before != after {
				t.Errorf("its limits changed:\n%s", after)
			}
		})
	}
}

func TestAPidFileThatNamesNoProcessIsNotBelieved(t *testing.T) {
	s, pid := started(t, os.Getuid(), "-uuid", uuid)
	for _, content := range []string{"", "0\n", "-1\n", "x\n", "99999999999\n", "../1\n"} {
		if err := os.WriteFile(filepath.Join(s.Emulators.PIDs, "holm.acme.web.pid"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Hold("holm.acme.web", uuid, live(t, pid), os.Getuid()); err == nil {
			t.Errorf("the process %q was held", content)
		}
	}
}
