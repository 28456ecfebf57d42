package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"holm/internal/fault"
	"holm/internal/term"
)

// ExitCode is one line of the table of exit codes.
type ExitCode struct {
	Kind    fault.Kind // the number
	Word    string     // in JSON
	Meaning string     // in --help
}

// ExitCodes is the table of exit codes: the only one.
func ExitCodes() []ExitCode {
	return []ExitCode{
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

// ExitStatus is the exit code of another program that holm ran, or of a result that was printed already: nothing is
// left to say.
type ExitStatus int

func (e ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

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

// Joined is nil for no error, the error itself for one, and several for more.
func Joined(errs []error) error {
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
	Kind     string            `json:"kind"`
	Code     fault.Code        `json:"code"`
	What     string            `json:"what"`
	Params   map[fault.Key]any `json:"params,omitempty"`
	Remedy   string            `json:"remedy"`
	Commands []string          `json:"commands,omitempty"`
	ExitCode int               `json:"exit_code"`
}

// errorDocument is what -o json prints to stderr. Others is there when several things failed.
type errorDocument struct {
	Error  problem   `json:"error"`
	Others []problem `json:"others,omitempty"`
}

// Exit prints err and returns the exit code. Several errors of different kinds are a failure.
func (a *App) Exit(ctx context.Context, err error) int {
	if err == nil {
		return 0
	}
	if status, ok := errors.AsType[ExitStatus](err); ok {
		return int(status)
	}
	if errors.Is(err, syscall.EPIPE) && errors.Is(context.Cause(ctx), ErrInterrupted) {
		return 128 + int(syscall.SIGPIPE) // as any program in a pipe whose reader has seen enough; there is nobody to tell
	}
	errs := several{err}
	if s, ok := errors.AsType[several](err); ok {
		errs = s
	}
	problems := make([]problem, len(errs))
	code := 0
	for i, one := range errs {
		problems[i] = problemOf(ctx, a, one)
		if code != 0 && code != problems[i].ExitCode {
			code = int(fault.Failure)
		} else {
			code = problems[i].ExitCode
		}
	}
	printProblems(a, problems)
	if _, ok := errors.AsType[ConnectionError](err); ok {
		return ConnectionFailed
	}
	return code
}

func printProblems(a *App, problems []problem) {
	if f := a.Settings.Output; f == term.AsJSON || f == term.AsYAML {
		if data, err := term.Encode(f, errorDocument{Error: problems[0], Others: problems[1:]}); err == nil {
			a.Streams.Say(strings.TrimSuffix(string(data), "\n"))
			return
		}
	}
	for _, p := range problems {
		a.Streams.Say("holm: " + p.What)
		for line := range strings.Lines(p.Remedy) {
			a.Streams.Say("      " + term.Line(line))
		}
	}
}

// problemOf turns any error into what is printed of it.
func problemOf(ctx context.Context, a *App, err error) problem {
	f := sorted(ctx, a, err)
	typed := func(r fault.Remedy) string { return commandOf(a, r) }
	p := problem{
		Kind: string(f.Kind().Code()), Code: f.Code, What: term.Line(f.What), Remedy: a.Pasted(f.Remedies.Text(typed)),
		ExitCode: int(f.Kind()),
	}
	for _, r := range f.Remedies {
		if line := commandOf(a, r); line != "" {
			p.Commands = append(p.Commands, a.Pasted(line))
		}
	}
	for _, param := range f.Params {
		if p.Params == nil {
			p.Params = map[fault.Key]any{}
		}
		p.Params[param.Key] = param.Value
	}
	if _, ok := errors.AsType[ConnectionError](err); ok {
		p.ExitCode = ConnectionFailed
	}
	return p
}

// commandOf writes down what a remedy would have typed here.
func commandOf(a *App, r fault.Remedy) string {
	if r.Again {
		return a.again()
	}
	return r.Command()
}

// sorted sorts an error as all front ends do, but for what only a command line knows: who pressed Ctrl-C, and that sudo may help.
func sorted(ctx context.Context, a *App, err error) *fault.Error {
	f := *fault.Of(err)
	f.What = err.Error()
	interrupted := errors.Is(context.Cause(ctx), ErrInterrupted)
	switch {
	case errors.Is(err, fs.ErrPermission) && !a.Root && f.Kind() == fault.Failure:
		return f.WithRemedy(fault.Say("run: sudo " + a.again()).OrSay("keep your own: HOLM_STATE=~/.local/share/holm " + a.again()))
	case fault.Known(err):
	case errors.Is(err, ErrInterrupted), interrupted && errors.Is(err, context.Canceled):
		return &fault.Error{Code: fault.Interrupted.Code(), What: "interrupted"}
	}
	return &f
}

// ConnectionFailed is the code of ssh for an end that is its own, which a command may have as well.
const ConnectionFailed = 255

// ConnectionError is a fault with an exit code of its own.
type ConnectionError struct{ Fault error }

func (e ConnectionError) Error() string { return e.Fault.Error() }

// Unwrap is the fault.
func (e ConnectionError) Unwrap() error { return e.Fault }
