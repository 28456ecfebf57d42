package host

import (
	"context"
	"errors"

	"holm/cmd/holm/cli"
)

// News sees to what the timer sees to each minute besides pools, and says what it found.
func News(a *cli.App, n Needs) func(ctx context.Context) error {
	with := &app{a, n}
	return func(ctx context.Context) error {
		p, err := with.Open(ctx)
		if err != nil {
			return err
		}
		return errors.Join(keepWalls(ctx, with, p), closeOperations(ctx, with, p), reconcile(ctx, with, p))
	}
}

// closeOperations closes what dead processes left, and says so.
func closeOperations(ctx context.Context, a *app, p Engine) error {
	closed, err := p.History.Close(ctx, false)
	for _, c := range closed {
		text := "operation " + c.ID + " (" + c.Kind + " of " + c.Tenant + "/" + c.Name + ") was left by a holm that died: " + string(c.Status)
		if c.Remedy != "" {
			text += "; " + a.Pasted(c.Remedy)
		}
		a.Say(text)
	}
	return err
}

// keepWalls puts the kernel's rules back where they are not as they are on record, and says so.
func keepWalls(ctx context.Context, a *app, p Engine) error {
	rebuilt, err := p.Networks.KeepWalls(ctx)
	for _, r := range rebuilt {
		if r.Err == nil {
			a.Say("the kernel's rules of network " + r.Network + " were put back: " + r.What)
		} else {
			a.Say("the kernel's rules of network " + r.Network + " could not be put back: " + r.What)
		}
		err = errors.Join(err, r.Err)
	}
	return err
}

// reconcile says what became of instances without holm, and what was done about it.
func reconcile(ctx context.Context, a *app, p Engine) error {
	ended, err := p.Instances.Reconcile(ctx)
	for _, e := range ended {
		if e.What != "" {
			a.Say(e.Tenant + "/" + e.Name + " " + e.What)
		}
		err = errors.Join(err, e.Err)
	}
	return err
}
