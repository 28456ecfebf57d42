package instance

import (
	"cmp"
	"context"

	"holm/cmd/holm/cli"
	"holm/internal/term"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// startAll starts what ran when the host went down. The time is that of all of them together.
func startAll(ctx context.Context, a *app, o verbOptions) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	return ofAll(ctx, a, o, together{
		"start", "ready", "nothing to start: all that should run does", p.All.Interrupted,
		p.All.StartAll,
	})
}

// stopAll switches off what runs, as the host goes down.
func stopAll(ctx context.Context, a *app, o verbOptions) error {
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	return ofAll(ctx, a, o, together{"stop", "stopped", "nothing to stop: nothing runs", p.All.Running, p.All.ParkAll})
}

// together is what is done to many instances at once.
type together struct {
	verb, become, nothing string
	which                 func(ctx context.Context) ([]model.Instance, error)
	do                    func(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
}

// ofAll does it, and prints what has succeeded.
func ofAll(ctx context.Context, a *app, o verbOptions, what together) error {
	if o.dryRun {
		all, err := what.which(ctx)
		if err != nil {
			return err
		}
		for _, inst := range all {
			a.Say("would " + what.verb + " " + inst.Tenant + "/" + inst.Name)
		}
		return printAll(a, all, "")
	}
	var started []instances.Started
	err := cli.Within(ctx, o.timeout, a.Longer(o.timeout), func(ctx context.Context) error {
		observer, done := a.Watch()
		defer done()
		var err error
		started, err = what.do(ctx, observer)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	var running []model.Instance
	for _, s := range started {
		if s.Err != nil {
			failed = append(failed, s.Err)
			continue
		}
		running = append(running, s.Instance)
	}
	if len(started) == 0 {
		a.Say(what.nothing)
	}
	if err := printAll(a, running, what.become); err != nil {
		failed = append(failed, err)
	}
	return cli.Joined(failed)
}

// printAll prints what was done, and what became of it; "" leaves it at the record. On a terminal the steps have said it all already.
func printAll(a *app, all []model.Instance, became string) error {
	if a.Settings.Output == term.AsTable && (a.Streams.OutTerminal || len(all) == 0) {
		return nil
	}
	rows := make([]views.Row, len(all))
	for i, inst := range all {
		rows[i] = views.Row{Summary: model.Summarize(inst), Status: cmp.Or(became, string(inst.State))}
	}
	return printRows(a, rows)
}
