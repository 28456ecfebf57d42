package main

import (
	"cmp"
	"context"

	"holm/internal/term"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/views"
)

// startAll starts what ran when the host went down. The time is that of all of them together.
func (a *app) startAll(ctx context.Context, o verbOptions) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	return a.ofAll(ctx, o, together{
		"start", "ready", "nothing to start: all that should run does", p.Instances.Interrupted,
		p.Instances.StartAll,
	})
}

// stopAll switches off what runs, as the host goes down.
func (a *app) stopAll(ctx context.Context, o verbOptions) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	return a.ofAll(ctx, o, together{"stop", "stopped", "nothing to stop: nothing runs", p.Instances.Running, p.Instances.ParkAll})
}

// together is what is done to many instances at once.
type together struct {
	verb, become, nothing string
	which                 func(ctx context.Context) ([]model.Instance, error)
	do                    func(ctx context.Context, observer operations.Observer) ([]instances.Started, error)
}

// ofAll does it, and prints what has succeeded.
func (a *app) ofAll(ctx context.Context, o verbOptions, what together) error {
	if o.dryRun {
		all, err := what.which(ctx)
		if err != nil {
			return err
		}
		for _, inst := range all {
			a.say("would " + what.verb + " " + inst.Tenant + "/" + inst.Name)
		}
		return a.printAll(all, "")
	}
	var started []instances.Started
	err := within(ctx, o.timeout, a.longer(o.timeout), func(ctx context.Context) error {
		observer, done := a.watch()
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
		a.say(what.nothing)
	}
	if err := a.printAll(running, what.become); err != nil {
		failed = append(failed, err)
	}
	return joined(failed)
}

// printAll prints what was done, and what became of it; "" leaves it at the record. On a terminal the steps have said it all already.
func (a *app) printAll(all []model.Instance, became string) error {
	if a.settings.output == term.AsTable && (a.streams.OutTerminal || len(all) == 0) {
		return nil
	}
	rows := make([]views.Row, len(all))
	for i, inst := range all {
		rows[i] = views.Row{Summary: model.Summarize(inst), Status: cmp.Or(became, string(inst.State))}
	}
	return a.printRows(rows)
}
