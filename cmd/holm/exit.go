package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"holm/internal/fault"
	"holm/internal/lock"
	"holm/internal/run"
	"holm/internal/term"
	"holm/provisioner/hypervisor"
	"holm/storage/records"
)

// exitCode is one line of the table of exit codes.
type exitCode struct {
	Kind    fault.Kind // the number
	Word    string     // in JSON
	Meaning string     // in --help
}

// exitCodes is the table of exit codes: the only one.
func exitCodes() []exitCode {
	return []exitCode{
		{0, "ok", "ok"},
		{fault.Failure, "failure", "failure"},
		{fault.Usage, "usage", "the command line or a value in it is not valid"},
		{fault.Leftover, "leftover", "undone, but something was left behind"},
		{fault.NotFound, "not-found", "not found"},
		{fault.Exists, "exists", "exists already"},
		{fault.Unfit, "unfit", "the host cannot do it: see holm doctor"},
		{fault.Busy, "busy", "busy: another process is at it, or it is in use"},
		{fault.CheckFailed, "check-failed", "a check failed"},
		{fault.Refused, "refused", "refused by policy: quota, residency, lab mode"},
		{fault.Interrupted, "interrupted", "interrupted"},
	}
}

// exitStatus is the exit code of another program that holm ran, or of a result that was printed already: nothing is
// left to say.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// several are the errors of one command line that named several things.
type several []error

func (e several) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}

func (e several) Unwrap() []error { return e }

// joined is nil for no error, the error itself for one, and several for more.
func joined(errs []error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	return several(errs)
}

// problem is an error as it is printed.
type problem struct {
	Kind     string `json:"kind"`
	What     string `json:"what"`
	Remedy   string `json:"remedy"`
	ExitCode int    `json:"exit_code"`
}

// errorDocument is what -o json prints to stderr. Others is there when several things failed.
type errorDocument struct {
	Error  problem   `json:"error"`
	Others []problem `json:"others,omitempty"`
}

// exit prints err and returns the exit code. Several errors of different kinds are a failure.
func (a *app) exit(ctx context.Context, err error) int {
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[exitStatus](err); ok {
		return int(status)
	}
	if errors.Is(err, syscall.EPIPE) && errors.Is(context.Cause(ctx), errInterrupted) {
		return 128 + int(syscall.SIGPIPE) // as any program in a pipe whose reader has seen enough; there is nobody to tell
	}
	errs := several{err}
	if s, ok := errors.AsType[several](err); ok {
		errs = s
	}
	problems := make([]problem, len(errs))
	code := 0
	for i, one := range errs {
		problems[i] = a.problem(ctx, one)
		if code != 0 && code != problems[i].ExitCode {
			code = int(fault.Failure)
		} else {
			code = problems[i].ExitCode
		}
	}
	a.printProblems(problems)
	if _, ok := errors.AsType[connectionError](err); ok {
		return connectionFailed
	}
	return code
}

func (a *app) printProblems(problems []problem) {
	if f := a.settings.output; f == term.AsJSON || f == term.AsYAML {
		if data, err := term.Encode(f, errorDocument{Error: problems[0], Others: problems[1:]}); err == nil {
			a.streams.Say(strings.TrimSuffix(string(data), "\n"))
			return
		}
	}
	for _, p := range problems {
		a.streams.Say("holm: " + p.What)
		for line := range strings.Lines(p.Remedy) {
			a.streams.Say("      " + term.Line(line))
		}
	}
}

// problem turns any error into what is printed of it.
func (a *app) problem(ctx context.Context, err error) problem {
	f := a.known(ctx, err)
	p := problem{What: term.Line(err.Error()), Remedy: a.pasted(f.Remedy), ExitCode: int(f.Kind)}
	if f.What != "" {
		p.What = term.Line(f.What)
	}
	if _, ok := errors.AsType[connectionError](err); ok {
		p.ExitCode = connectionFailed
	}
	for _, code := range exitCodes() {
		if code.Kind == f.Kind {
			p.Kind = code.Word
		}
	}
	return p
}

// known finds the kind and the remedy of an error: those of its fault, else those of the rooms' own errors. A fault
// without What leaves the error's own words.
func (a *app) known(ctx context.Context, err error) fault.Error {
	if errors.Is(err, fs.ErrPermission) && !a.root && fault.KindOf(err) == fault.Failure {
		return fault.Error{
			Kind:   fault.Failure,
			Remedy: "run: sudo " + a.again() + "      or keep your own: HOLM_STATE=~/.local/share/holm " + a.again(),
		}
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return fault.Error{Kind: f.Kind, Remedy: f.Remedy}
	}
	interrupted := errors.Is(context.Cause(ctx), errInterrupted)
	switch {
	case errors.Is(err, errInterrupted), interrupted && errors.Is(err, context.Canceled):
		return fault.Error{Kind: fault.Interrupted, What: "interrupted"}
	case errors.Is(err, records.ErrNotFound):
		return fault.Error{Kind: fault.NotFound, Remedy: "see what is there: " + a.command("ls")}
	case errors.Is(err, records.ErrExists):
		return fault.Error{Kind: fault.Exists, Remedy: "choose another name, or another tenant: --tenant NAME"}
	case errors.Is(err, records.ErrBusy), errors.Is(err, lock.ErrHeld):
		return fault.Error{Kind: fault.Busy, Remedy: "wait for it and try again: " + a.again()}
	case errors.Is(err, hypervisor.ErrUnreachable):
		return fault.Error{Kind: fault.Unfit, Remedy: "start it: sudo systemctl start libvirtd      or find out more: " + a.command("doctor")}
	case errors.Is(err, hypervisor.ErrUnsupported), errors.Is(err, run.ErrMissing):
		return fault.Error{Kind: fault.Unfit, Remedy: "find out more: " + a.command("doctor")}
	case errors.Is(err, syscall.ENOSPC):
		return fault.Error{Kind: fault.Failure, Remedy: "free some space below " + a.settings.state + ": " + a.command("image", "ls")}
	}
	return fault.Error{Kind: fault.Failure}
}

// connectionFailed is the code of ssh for an end that is its own, which a command may have as well.
const connectionFailed = 255

// connectionError is a fault with an exit code of its own.
type connectionError struct{ error }

func (e connectionError) Unwrap() error { return e.error }
