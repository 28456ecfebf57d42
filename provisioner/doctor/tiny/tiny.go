// Package tiny boots a kernel of 2 KiB under QEMU to find out whether an accelerator really runs guests. Looking for
// /dev/kvm is not enough: there are hosts on which it opens, makes a machine and runs its firmware, and every stock
// kernel hangs. What the kernel tries is written at the top of tiny.S.
package tiny

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"holm/internal/debuglog"
)

// Marker is the last line of a kernel that found everything as it should be.
const Marker = "holm: tiny kernel alive"

// The accelerators that Boot knows, by QEMU's names.
const (
	KVM = "kvm"
	TCG = "tcg"
)

const (
	exitAlive = 0x10<<1 | 1 // what isa-debug-exit makes of the kernel's last word
	maxOutput = 4 << 10     // bytes kept of each of QEMU's streams
	grace     = time.Second // for QEMU's pipes to close once it is killed
)

//go:embed tiny.bin
var image []byte

// Outcome is what a boot showed.
type Outcome struct {
	Reached string        // the last thing that the kernel said; "" when it said nothing
	Elapsed time.Duration // from QEMU's start to its end
}

// Deadline is how long a boot may take before it counts as hung.
func Deadline(accel string) time.Duration {
	if accel == KVM {
		return 5 * time.Second
	}
	return 20 * time.Second
}

// Boot runs the tiny kernel on the QEMU program at that path. It returns nil when the kernel reached its marker
// within Deadline(accel), and otherwise one line that says how far it came and what QEMU said. QEMU is dead when
// Boot returns.
func Boot(ctx context.Context, qemu, accel string) (Outcome, error) {
	cpu := "max"
	if accel == KVM {
		cpu = "host" // as instances have it
	}
	dir, err := os.MkdirTemp("", "holm-tiny-")
	if err != nil {
		return Outcome{}, fmt.Errorf("no place for the tiny kernel: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kernel := filepath.Join(dir, "tiny.bin")
	if err := os.WriteFile(kernel, image, 0o600); err != nil {
		return Outcome{}, fmt.Errorf("no place for the tiny kernel: %w", err)
	}

	ctx, cancel := context.WithTimeoutCause(ctx, Deadline(accel), errHung)
	defer cancel()
	serial, complaints := &head{}, &head{}
	cmd := command(ctx, qemu, accel, cpu, kernel)
	cmd.Dir = dir // a QEMU that aborts may leave its core here, not in the user's directory
	cmd.Stdout, cmd.Stderr = serial, complaints
	runtime.LockOSThread() // Pdeathsig counts the death of the thread that forked, not of the process
	defer runtime.UnlockOSThread()
	began := time.Now()
	span := debuglog.Program(ctx, cmd)
	err = cmd.Run()
	span.End(debuglog.Ended(cmd, err))
	said := serial.lines()
	out := Outcome{Elapsed: time.Since(began)}
	if len(said) > 0 {
		out.Reached = said[len(said)-1]
	}
	return out, judge(ctx, cmd, err, out, complaints.lines())
}

func command(ctx context.Context, qemu, accel, cpu, kernel string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, qemu,
		"-machine", "q35", "-accel", accel, "-cpu", cpu, "-smp", "1", "-m", "32",
		"-nodefaults", "-no-user-config", "-no-reboot",
		"-display", "none", "-monitor", "none", "-serial", "stdio",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=1",
		"-kernel", kernel)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = grace
	return cmd
}

var errHung = errors.New("hung")

// judge turns the end of a run into the verdict.
func judge(ctx context.Context, cmd *exec.Cmd, err error, out Outcome, complaints []string) error {
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	if code == exitAlive && out.Reached == Marker {
		return nil
	}
	where := "before its first word"
	if out.Reached != "" {
		where = fmt.Sprintf("after %q", out.Reached)
	}
	switch {
	case cmd.ProcessState == nil:
		return fmt.Errorf("QEMU did not start: %w", err)
	case errors.Is(context.Cause(ctx), errHung):
		return fmt.Errorf("the tiny kernel hung %s", where)
	case ctx.Err() != nil:
		return fmt.Errorf("the tiny kernel was stopped %s: %w", where, ctx.Err())
	case len(complaints) > 0:
		return fmt.Errorf("the tiny kernel ended %s; QEMU: %s", where, worst(complaints))
	default:
		return fmt.Errorf("the tiny kernel ended %s (QEMU's exit %d)", where, code)
	}
}

// worst picks the line that explains most: the first error, else the last line. QEMU's warnings come before it.
func worst(lines []string) string {
	pick := lines[len(lines)-1]
	for _, l := range lines {
		if !strings.Contains(l, "warning:") {
			pick = l
			break
		}
	}
	if _, rest, found := strings.Cut(pick, ": "); found && strings.HasPrefix(pick, "qemu") {
		pick = rest
	}
	return strings.TrimPrefix(pick, "error: ")
}

// head keeps the first maxOutput bytes and swallows the rest, so that a noisy guest neither fills memory nor blocks.
type head struct{ kept bytes.Buffer }

// Write never fails.
func (h *head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), max(0, maxOutput-h.kept.Len()))])
	return len(p), nil
}

// lines returns what was kept, without empty lines and without anything that a terminal would act on.
func (h *head) lines() []string {
	var lines []string
	for s := bufio.NewScanner(bytes.NewReader(h.kept.Bytes())); s.Scan(); {
		clean := strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, s.Text())
		if clean = strings.TrimSpace(clean); clean != "" {
			lines = append(lines, clean)
		}
	}
	return lines
}
