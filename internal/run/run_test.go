package run_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/internal/run"
)

func TestRunReturnsStdout(t *testing.T) {
	for name, tc := range map[string]struct {
		cmd  run.Cmd
		want string
	}{
		"what it prints":               {run.Cmd{Name: "printf", Args: []string{"%s", "a b"}}, "a b"},
		"arguments are not a shell's":  {run.Cmd{Name: "printf", Args: []string{"%s", "$(id); `id` *"}}, "$(id); `id` *"},
		"nothing from its stderr":      {sh("echo out; echo err >&2"), "out\n"},
		"its stdin":                    {run.Cmd{Name: "cat", Stdin: strings.NewReader("in")}, "in"},
		"an empty stdin when none":     {run.Cmd{Name: "cat"}, ""},
		"its directory":                {run.Cmd{Name: "pwd", Dir: "/"}, "/\n"},
		"a program given by its path":  {run.Cmd{Name: "/bin/echo", Args: []string{"x"}}, "x\n"},
		"only the environment we give": {run.Cmd{Name: "env", Env: []string{"A=b"}}, "LC_ALL=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nA=b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOLM_SECRET", "not for children")
			got, err := run.Run(t.Context(), tc.cmd)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatAProgramMountsIsGoneWithIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir := t.TempDir()
	cmd := sh("mount -t tmpfs none " + dir + " && touch " + dir + "/inside && ls " + dir + " && kill -KILL $$")
	cmd.OwnMounts = true
	var out bytes.Buffer
	cmd.Stdout = &out
	if _, err := run.Run(t.Context(), cmd); !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the program ended with %v, want it killed", err)
	}
	if out.String() != "inside\n" {
		t.Fatalf("inside it listed %q: it did not mount", out.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the caller sees %v, %v in the folder: the mount outlived the program", left, err)
	}
}

func TestRunStreamsWhenAskedTo(t *testing.T) {
	var out, errs bytes.Buffer
	cmd := sh("echo out; echo err >&2")
	cmd.Stdout, cmd.Stderr = &out, &errs
	got, err := run.Run(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", "out\n", "err\n"}, []string{string(got), out.String(), errs.String()}); diff != "" {
		t.Errorf("returned, stdout, stderr (-want +got):\n%s", diff)
	}
}

func TestRunSaysHowAProgramFailed(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		code   int
		want   string
	}{
		"a code and no word":            {"exit 3", 3, "sh: exit 3"},
		"the last line of its stderr":   {"echo first >&2; echo last >&2; exit 1", 1, "sh: exit 1: last"},
		"empty lines say nothing":       {`printf 'said\n\n \n' >&2; exit 1`, 1, "sh: exit 1: said"},
		"a line without its end":        {`printf 'no newline' >&2; exit 1`, 1, "sh: exit 1: no newline"},
		"a progress bar, then an error": {`printf ' 10%%\r 50%%\rdisk full\n' >&2; exit 1`, 1, "sh: exit 1: disk full"},
		"escapes are not passed on":     {`printf 'a\033[31mb\007\n' >&2; exit 1`, 1, "sh: exit 1: a[31mb"},
		"a line that never ends": {
			`yes x | head -c 9000 | tr -d '\n' >&2; exit 1`, 1, "sh: exit 1: " + strings.Repeat("x", 500) + "…",
		},
		"a signal": {"kill -SEGV $$", -1, "sh: signal: segmentation fault"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.Run(t.Context(), sh(tc.script))
			failed, ok := errors.AsType[*run.Error](err)
			if !ok {
				t.Fatalf("error is %v, want a *run.Error", err)
			}
			if failed.Code != tc.code {
				t.Errorf("code is %d, want %d", failed.Code, tc.code)
			}
			if got := strings.TrimSuffix(err.Error(), " (core dumped)"); got != tc.want {
				t.Errorf("error is\n %q, want\n %q", got, tc.want)
			}
		})
	}
}

func TestRunKeepsTheLast4KiBOfStderr(t *testing.T) {
	_, err := run.Run(t.Context(), sh(`yes padding | head -c 100000 >&2; printf 'the end' >&2; exit 1`))
	failed, ok := errors.AsType[*run.Error](err)
	if !ok {
		t.Fatalf("error is %v, want a *run.Error", err)
	}
	if len(failed.Stderr) != 4096 || !strings.HasSuffix(failed.Stderr, "the end") {
		t.Errorf("kept %d bytes that end with %q", len(failed.Stderr), failed.Stderr[max(0, len(failed.Stderr)-20):])
	}
}

func TestRunRefusesEndlessOutput(t *testing.T) {
	_, err := run.Command(t.Context(), "yes")
	if err == nil || err.Error() != "yes: printed more than 16 MiB" {
		t.Fatalf("error is %v", err)
	}
}

func TestAMissingProgramNamesItsPackage(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "virsh")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ program, what, remedy string }{
		"known": {
			filepath.Join(dir, "none", "qemu-img"),
			filepath.Join(dir, "none", "qemu-img") + " is not installed (Debian package qemu-utils)",
			"run: apt-get install qemu-utils",
		},
		"unknown": {
			"holm-no-such-program", "holm-no-such-program is not installed",
			"install it below /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin",
		},
		"a file that is no program": {
			plain, plain + " is not installed (Debian package libvirt-clients)", "run: apt-get install libvirt-clients",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run.Command(t.Context(), tc.program)
			if !errors.Is(err, run.ErrMissing) {
				t.Fatalf("error is %v, want ErrMissing", err)
			}
			if diff := cmp.Diff([]string{tc.what, tc.remedy}, []string{err.Error(), fault.RemedyOf(err)}); diff != "" {
				t.Errorf("what, remedy (-want +got):\n%s", diff)
			}
			if fault.KindOf(err) != fault.Unfit {
				t.Errorf("kind is %d, want Unfit", fault.KindOf(err))
			}
		})
	}
}

func TestTheCallersPathDoesNotDecideWhatRuns(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "echo"), []byte("#!/bin/sh\nprintf evil\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	got, err := run.Command(t.Context(), "echo", "good")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "good\n" {
		t.Errorf("stdout is %q", got)
	}
}

// The grandchild holds the only writing end of a FIFO: reading from it ends when the grandchild does. The shell opens it
// before it says a word, so that the group is not told to stop while nobody has opened it yet.
func TestTheEndOfTheContextEndsTheWholeProcessGroup(t *testing.T) {
	for name, script := range map[string]string{
		"the program waits for its child": `exec 3>"$1"; sleep 1000 & exec 3>&-; echo started; wait`,
		"the child is deaf to SIGTERM":    `exec 3>"$1"; (trap '' TERM; exec sleep 1000) >/dev/null 2>&1 & exec 3>&-; echo started; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			reason := errors.New("ctrl-c")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			failed := make(chan error, 1)
			go func() {
				_, err := run.Run(ctx, run.Cmd{
					Name: "sh", Args: []string{"-c", script, "sh", fifo},
					Stdout: writerFunc(func(p []byte) (int, error) { cancel(reason); return len(p), nil }),
				})
				failed <- err
			}()
			held, err := os.Open(fifo) // waits for the shell
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = held.Close() }()
			if _, err := io.ReadAll(held); err != nil {
				t.Fatal(err)
			}
			err = <-failed
			if !errors.Is(err, reason) {
				t.Fatalf("error is %v, want the cause of the context", err)
			}
			if want := "sh: stopped: ctrl-c"; err.Error() != want {
				t.Errorf("error is %q, want %q", err, want)
			}
		})
	}
}

func TestAnEndedContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	made := filepath.Join(t.TempDir(), "made")
	if _, err := run.Command(ctx, "touch", made); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want context.Canceled", err)
	}
	if _, err := os.Stat(made); err == nil {
		t.Error("the program ran")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func sh(script string) run.Cmd { return run.Cmd{Name: "sh", Args: []string{"-c", script}} }
