package tiny

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write tiny.bin anew")

// rebuild is how tiny.bin is made; run it by hand after a change of tiny.S, with -update.
func rebuild(t *testing.T) []byte {
	t.Helper()
	for _, program := range []string{"gcc", "as", "ld", "objcopy"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("left out: %s is missing (apt-get install -y gcc binutils), so tiny.bin is not compared with its source", program)
		}
	}
	dir := t.TempDir()
	elf, flat := filepath.Join(dir, "tiny.elf"), filepath.Join(dir, "tiny.bin")
	for _, argv := range [][]string{
		{
			"gcc", "-nostdlib", "-static", "-no-pie", "-Wa,-mx86-used-note=no",
			"-Wl,-Ttext=0x100000,--build-id=none,-N,-e,start", "-o", elf, "tiny.S",
		},
		{"objcopy", "-O", "binary", "-j", ".text", elf, flat},
	} {
		if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
		}
	}
	built, err := os.ReadFile(flat)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func TestTheCommittedKernelIsWhatItsSourceSays(t *testing.T) {
	built := rebuild(t)
	if *update {
		if err := os.WriteFile("tiny.bin", built, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(built, image) {
		t.Errorf("tiny.bin (%d bytes) differs from what tiny.S builds (%d bytes): go test ./provisioner/doctor/tiny -update",
			len(image), len(built))
	}
}

func qemu(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("left out: no qemu-system-x86_64 (apt-get install -y qemu-system-x86), so the tiny kernel is not booted")
	}
	return path
}

func TestTheTinyKernelReachesItsMarkerUnderEmulation(t *testing.T) {
	out, err := Boot(t.Context(), qemu(t), TCG)
	if err != nil {
		t.Fatal(err)
	}
	if out.Reached != Marker {
		t.Errorf("its last word was %q, not %q", out.Reached, Marker)
	}
	t.Logf("tcg: %v", out.Elapsed)
}

func TestTheTinyKernelSeesThroughAFakedKVM(t *testing.T) {
	if _, err := os.Stat("/sys/module/kvm_pvm"); err != nil {
		t.Skip("left out: this host has no kvm_pvm, the fake that this is about")
	}
	out, err := Boot(t.Context(), qemu(t), KVM)
	if err == nil {
		t.Fatalf("kvm_pvm passed for KVM: reached %q", out.Reached)
	}
	t.Logf("kvm: %v after %v", err, out.Elapsed)
}

// fakeQEMU stands for a QEMU that says and does something else.
func fakeQEMU(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBootSaysHowItFailed(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"a kernel that says nothing": {
			"exit 0", "the tiny kernel ended before its first word (QEMU's exit 0)",
		},
		"a kernel that breaks": {
			"echo long mode; echo 'broken: 0d'; exit 35", `the tiny kernel ended after "broken: 0d" (QEMU's exit 35)`,
		},
		"the marker without the exit code": {
			"echo '" + Marker + "'; exit 0", `the tiny kernel ended after "` + Marker + `" (QEMU's exit 0)`,
		},
		"the exit code without the marker": {
			"echo long mode; exit 33", `the tiny kernel ended after "long mode" (QEMU's exit 33)`,
		},
		"a QEMU that refuses": {
			"echo 'qemu-system-x86_64: warning: no pni' >&2; echo 'qemu-system-x86_64: error: failed to set MSR' >&2; echo later >&2; exit 1",
			"the tiny kernel ended before its first word; QEMU: failed to set MSR",
		},
		"a QEMU that only warns": {
			"echo 'qemu-system-x86_64: warning: no pni' >&2; exit 1",
			"the tiny kernel ended before its first word; QEMU: warning: no pni",
		},
		"bytes that would drive a terminal": {
			`printf 'long \033[2Jmode\007\n'; exit 1`, `the tiny kernel ended after "long [2Jmode" (QEMU's exit 1)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Boot(t.Context(), fakeQEMU(t, c.script), TCG)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestBootLeavesOutWhatIsTooMuch(t *testing.T) {
	out, err := Boot(t.Context(), fakeQEMU(t, "head -c 1000000 /dev/zero | tr '\\0' x; exit 1"), TCG)
	if err == nil || len(out.Reached) != maxOutput {
		t.Errorf("kept %d bytes (error %v), want %d", len(out.Reached), err, maxOutput)
	}
}

func TestBootKillsQEMUWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pids := filepath.Join(t.TempDir(), "pid")
	fifo := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.CommandContext(t.Context(), "mkfifo", fifo).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v %s", err, out)
	}
	done := make(chan error)
	go func() {
		_, err := Boot(ctx, fakeQEMU(t, "echo $$ > "+pids+"; echo long mode; echo up > "+fifo+"; exec tail -f /dev/null"), TCG)
		done <- err
	}()
	if _, err := os.ReadFile(fifo); err != nil { // returns when the script has written its word
		t.Fatal(err)
	}
	cancel()
	want := `the tiny kernel was stopped after "long mode": context canceled`
	if err := <-done; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	pid, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(pid))); err == nil {
		t.Errorf("process %s is still there", strings.TrimSpace(string(pid)))
	}
}

func TestBootNamesAQEMUThatCannotStart(t *testing.T) {
	_, err := Boot(t.Context(), "/nonexistent/qemu", TCG)
	if err == nil || !strings.HasPrefix(err.Error(), "QEMU did not start: ") {
		t.Errorf("got %v", err)
	}
}
