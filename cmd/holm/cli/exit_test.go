package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"holm/internal/fault"
	"holm/internal/lock"
	"holm/internal/run"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
	"holm/storage/records"
)

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		err    error
		code   int
		remedy string // part of it
	}{
		{"no error", nil, 0, ""},
		{"an error of no kind", errors.New("x"), 1, ""},
		{"a fault keeps its kind and remedy when wrapped", fmt.Errorf("a: %w", fault.New(fault.Refused, "ask", "b")), 9, "ask"},
		{"what was left behind outranks the interruption", fault.New(fault.Leftover, "see", "x: %w", context.Canceled), 3, "see"},
		{"an instance that is not there", fmt.Errorf("a: %w", records.ErrNotFound), 4, "holm ls"},
		{"a name that is taken", records.ErrExists, 5, "--tenant"},
		{"a database in use", records.ErrBusy, 7, "try again: holm ls"},
		{"a lock that is held", lock.ErrHeld, 7, "try again"},
		{"a libvirt that is down", hypervisor.ErrUnreachable, 6, "systemctl start libvirtd"},
		{"a program that is missing", run.ErrMissing, 6, "holm doctor"},
		{"a file that only root reads", &fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, 1, "sudo holm ls      or keep your own: HOLM_STATE="},
		{"a database that only root reads", fault.New(fault.Failure, "…", "readable by root only: %w", fs.ErrPermission), 1, "run: sudo holm ls"},
		{"a full disk", fmt.Errorf("write: %w", syscall.ENOSPC), 1, "free some space"},
		{"a program that failed", ExitStatus(42), 42, ""},
		{"several of one kind", several{records.ErrExists, records.ErrExists}, 5, ""},
		{"several of different kinds", several{records.ErrExists, records.ErrBusy, records.ErrBusy}, 1, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var err strings.Builder
			a := New(term.New(nil, nil, &err), func(string) string { return "" }, "")
			a.Args, a.Root = []string{"ls"}, false
			if got := a.Exit(t.Context(), tc.err); got != tc.code {
				t.Errorf("exit code %d, want %d", got, tc.code)
			}
			if !strings.Contains(err.String(), tc.remedy) {
				t.Errorf("the remedy lacks %q: %q", tc.remedy, err.String())
			}
			for line := range strings.Lines(err.String()) {
				if !strings.HasPrefix(line, "holm: ") && !strings.HasPrefix(line, "      ") {
					t.Errorf("the line %q is neither what nor remedy", line)
				}
			}
		})
	}
}

func TestAnInterruptionHasItsOwnExitCode(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	var err strings.Builder
	a := New(term.New(nil, nil, &err), func(string) string { return "" }, "")
	if got := a.Exit(ctx, fmt.Errorf("booting: %w", context.Canceled)); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
	if got, want := err.String(), "holm: interrupted\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}
