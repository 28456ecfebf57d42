package main

import (
	"context"
	"strings"
	"syscall"
	"time"

	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/uids"
)

// settings are the global flags.
type settings struct {
	connect string
	state   string
	output  term.Format
	quiet   bool
	verbose bool
	noColor bool
	debug   bool
	tenant  string // "" is not given
}

// app is one run of holm: where it talks, what it was told, and how it reaches the other rooms. The function fields
// are set by newApp; tests put their own in.
type app struct {
	streams  *term.Streams
	getenv   func(string) string
	now      func() time.Time
	verbs    []string // of the command tree
	root     bool     // whether holm runs as root already, so that sudo would not help
	settings settings
	args     []string
	lists    lists  // for completion
	version  string // as the linker has set it

	makeProvisioner func(ctx context.Context, s settings) (engine, error)
	makeImages      func(s settings) (imageStore, error)
	renewLock       func(ctx context.Context, old images.Lock, epoch time.Time) (images.Lock, error)
	makeHost        func(s settings) (hostStore, error)
	makeAudit       func(s settings) (auditStore, error)
	makeKeeper      func(s settings) keyKeeper
	otherUsers      func() ([]uids.Claim, error) // who has users of this host
	resolver        func() environment.Resolver  // the host's own
	arrays          arrayMaker
	examine         func(ctx context.Context, s settings) doctor.Report
	mend            func(ctx context.Context, s settings, id string) (doctor.Result, error)
	// program runs another program on the same streams; its exit code comes back as exitStatus.
	program func(ctx context.Context, name string, args []string, streams *term.Streams) error
	// programAs is program as another user; nil is the caller's own.
	programAs func(ctx context.Context, as *syscall.Credential, name string, args []string, streams *term.Streams) error
}

// tenant is the tenant that names belong to.
func (a *app) tenant() string {
	if a.settings.tenant == "" {
		return model.DefaultTenant
	}
	return a.settings.tenant
}

// machine tells whether a program reads what is said on stderr: then only the error document may stand there.
func (a *app) machine() bool {
	return (a.settings.output == term.AsJSON || a.settings.output == term.AsYAML) && !a.streams.ErrTerminal
}

// watch shows the steps of an operation; the second result must be called when it is over.
func (a *app) watch() (operations.Observer, func()) {
	if a.settings.quiet || a.machine() {
		return nil, func() {}
	}
	phases := map[operations.Phase]term.Phase{
		operations.Begun: term.Begun, operations.Noted: term.Noted, operations.Finished: term.Finished,
		operations.Broken: term.Failed, operations.Undone: term.Undone,
	}
	steps := a.streams.Steps(a.settings.verbose)
	return func(e operations.Event) {
		steps.Show(term.Step{Name: e.Step, Phase: phases[e.Phase], Text: e.Text, Elapsed: e.Elapsed})
	}, steps.Close
}

// say tells a person something that is neither result nor error.
func (a *app) say(text string) {
	if !a.settings.quiet && !a.machine() {
		a.streams.Say(term.Line(text))
	}
}

// each does the same with several instances, goes on past errors, and stops when ctx ends. Names given twice count
// once.
func each(ctx context.Context, names []string, do func(name string) error) error {
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
	return joined(failed)
}

// command writes a command line of holm that works when pasted: with the tenant, the state directory and the
// connection of this run where they are not the defaults.
func (a *app) command(words ...string) string {
	line := []string{"holm"}
	if a.getenv("SUDO_USER") != "" {
		line = []string{"sudo", "holm"}
	}
	for _, word := range words {
		line = append(line, shellWord(word))
	}
	for _, flag := range []struct{ name, value, common string }{
		{"--tenant", a.tenant(), model.DefaultTenant},
		{"--state", a.settings.state, a.environment("HOLM_STATE", defaultState)},
		{"--connect", a.settings.connect, a.environment("HOLM_CONNECT", defaultConnect)},
	} {
		if flag.value != flag.common {
			line = append(line, flag.name, shellWord(flag.value))
		}
	}
	return strings.Join(line, " ")
}

func (a *app) environment(name, otherwise string) string {
	if value := a.getenv(name); value != "" {
		return value
	}
	return otherwise
}

// confirmed asks before something is deleted; yes is the answer given by --yes.
func (a *app) confirmed(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.streams.CanAsk() {
		return fault.New(fault.Usage, "add --yes: "+a.again()+" --yes", "deleting needs --yes when nobody can be asked")
	}
	ok, err := a.streams.Confirm(ctx, question)
	if err == nil && !ok {
		err = fault.New(fault.Failure, "", "nothing was removed: not confirmed")
	}
	return err
}

// again is this command line, to be typed once more.
func (a *app) again() string {
	line := []string{"holm"}
	for _, arg := range a.args {
		line = append(line, shellWord(arg))
	}
	return strings.Join(line, " ")
}
