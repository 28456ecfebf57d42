package main

import (
	"context"

	"holm/internal/term"
	"holm/provisioner"
	"holm/storage/records"
)

// startAll starts what ran when the host went down. The time is that of all of them together.
func (a *app) startAll(ctx context.Context, o verbOptions) error {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	if o.dryRun {
		off, err := p.Interrupted(ctx)
		if err != nil {
			return err
		}
		for _, inst := range off {
			a.say("would start " + inst.Tenant + "/" + inst.Name)
		}
		return a.printStarted(off)
	}
	var started []provisioner.Started
	err = within(ctx, o.timeout, a.longer(o.timeout), func(ctx context.Context) error {
		observer, done := a.watch()
		defer done()
		started, err = p.StartAll(ctx, observer)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	var running []records.Instance
	for _, s := range started {
		if s.Err != nil {
			failed = append(failed, s.Err)
			continue
		}
		running = append(running, s.Instance)
	}
	if len(started) == 0 {
		a.say("nothing to start: all that should run does")
	}
	if err := a.printStarted(running); err != nil {
		failed = append(failed, err)
	}
	return joined(failed)
}

// printStarted prints what was started. On a terminal the steps have said it all already.
func (a *app) printStarted(all []records.Instance) error {
	if a.settings.output == term.AsTable && (a.streams.OutTerminal || len(all) == 0) {
		return nil
	}
	rows := make([]provisioner.Row, len(all))
	for i, inst := range all {
		rows[i] = provisioner.Row{Summary: records.Summarize(inst), Status: string(inst.State)}
	}
	return a.printRows(rows)
}
