// Package cli is what all commands share: a run of holm with its flags and streams, how it ends, help, completion, cells of tables.
package cli

import (
	"context"
	"os"
	"strings"
	"time"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// Settings are the global flags.
type Settings struct {
	Connect string
	State   string
	Output  term.Format
	Quiet   bool
	Verbose bool
	noColor bool
	debug   bool
	Tenant  string // "" is not given
}

// App is one run of holm: where it talks, and what it was told. All commands have it.
type App struct {
	Streams  *term.Streams
	Getenv   func(string) string
	Now      func() time.Time
	verbs    []string // of the command tree
	Root     bool     // whether holm runs as root already, so that sudo would not help
	Settings Settings
	Args     []string
	Lists    Lists  // for completion
	Version  string // as the linker has set it
}

// New is a run of this process.
func New(streams *term.Streams, getenv func(string) string, version string) *App {
	return &App{Streams: streams, Getenv: getenv, Now: time.Now, Root: os.Geteuid() == 0, Version: version}
}

// Tenant is the tenant that names belong to.
func (a *App) Tenant() string {
	if a.Settings.Tenant == "" {
		return model.DefaultTenant
	}
	return a.Settings.Tenant
}

// Machine tells whether a program reads what is said on stderr: then only the error document may stand there.
func (a *App) Machine() bool {
	return (a.Settings.Output == term.AsJSON || a.Settings.Output == term.AsYAML) && !a.Streams.ErrTerminal
}

// Watch shows the steps of an operation; the second result must be called when it is over.
func (a *App) Watch() (operations.Observer, func()) {
	if a.Settings.Quiet || a.Machine() {
		return nil, func() {}
	}
	phases := map[operations.Phase]term.Phase{
		operations.Begun: term.Begun, operations.Noted: term.Noted, operations.Finished: term.Finished,
		operations.Broken: term.Failed, operations.Undone: term.Undone,
	}
	steps := a.Streams.Steps(a.Settings.Verbose)
	return func(e operations.Event) {
		steps.Show(term.Step{Name: e.Step, Phase: phases[e.Phase], Text: e.Text, Elapsed: e.Elapsed})
	}, steps.Close
}

// Say tells a person something that is neither result nor error.
func (a *App) Say(text string) {
	if !a.Settings.Quiet && !a.Machine() {
		a.Streams.Say(term.Line(text))
	}
}

// Each does the same with several instances, goes on past errors, and stops when ctx ends. Names given twice count
// once.
func Each(ctx context.Context, names []string, do func(name string) error) error {
	var failed []error
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := do(name); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return Joined(failed)
}

// Command writes a command line of holm that works when pasted: with the tenant, the state directory and the
// connection of this run where they are not the defaults.
func (a *App) Command(words ...string) string {
	line := []string{"holm"}
	if a.Getenv("SUDO_USER") != "" {
		line = []string{"sudo", "holm"}
	}
	for _, word := range words {
		line = append(line, ShellWord(word))
	}
	for _, flag := range []struct{ name, value, common string }{
		{"--tenant", a.Tenant(), model.DefaultTenant},
		{"--state", a.Settings.State, fromEnvironment(a, "HOLM_STATE", DefaultState)},
		{"--connect", a.Settings.Connect, fromEnvironment(a, "HOLM_CONNECT", defaultConnect)},
	} {
		if flag.value != flag.common {
			line = append(line, flag.name, ShellWord(flag.value))
		}
	}
	return strings.Join(line, " ")
}

func fromEnvironment(a *App, name, otherwise string) string {
	if value := a.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// Confirmed asks before something is deleted; yes is the answer given by --yes.
func (a *App) Confirmed(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.Streams.CanAsk() {
		return fault.New(fault.ConfirmationNeeded, "add --yes: "+a.again()+" --yes", "deleting needs --yes when nobody can be asked")
	}
	ok, err := a.Streams.Confirm(ctx, question)
	if err == nil && !ok {
		err = fault.New(fault.Failure, "", "nothing was removed: not confirmed")
	}
	return err
}

// again is this command line, to be typed once more.
func (a *App) again() string {
	line := []string{"holm"}
	for _, arg := range a.Args {
		line = append(line, ShellWord(arg))
	}
	return strings.Join(line, " ")
}
