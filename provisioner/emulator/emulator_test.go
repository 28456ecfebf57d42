package emulator_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"holm/provisioner/emulator"
)

const uuid = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e90"

// running is a process that looks like a domain's QEMU, as it was found, and what ends it.
func running(t *testing.T) (*emulator.Process, func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "read line", "-uuid", uuid)
	if _, err := cmd.StdinPipe(); err != nil { // it waits for a line that never comes
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(end)
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	place := emulator.Place{Proc: "/proc", PIDs: t.TempDir()}
	if err := os.WriteFile(filepath.Join(place.PIDs, "web.pid"), fmt.Appendln(nil, cmd.Process.Pid), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := place.Find("web", uuid, "<domain><devices><emulator>"+exe+"</emulator></devices></domain>")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, end
}

func TestWhatIsDoneToAProcessIsDoneToTheOneThatWasFound(t *testing.T) {
	p, _ := running(t)
	done := 0
	if err := p.Do(func(pid int) error { done = pid; return nil }); err != nil || done != p.PID {
		t.Errorf("done to %d, %v", done, err)
	}
	failure := errors.New("it does not want to")
	if err := p.Do(func(int) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsDoneToAProcessThatHasEnded(t *testing.T) {
	p, end := running(t)
	end()
	if err := p.Do(func(int) error { t.Error("it was done"); return nil }); err == nil {
		t.Error("no error")
	}
}

func TestAProcessThatEndsMeanwhileIsNoSuccess(t *testing.T) {
	p, end := running(t)
	if err := p.Do(func(int) error { end(); return nil }); err == nil {
		t.Error("no error")
	}
}
