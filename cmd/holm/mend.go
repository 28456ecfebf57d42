package main

import (
	"context"
	"errors"
)

// closeOperations closes what dead processes left, and says so.
func (a *app) closeOperations(ctx context.Context, p engine) error {
	closed, err := p.History.Close(ctx, false)
	for _, c := range closed {
		text := "operation " + c.ID + " (" + c.Kind + " of " + c.Tenant + "/" + c.Name + ") was left by a holm that died: " + string(c.Status)
		if c.Remedy != "" {
			text += "; " + a.pasted(c.Remedy)
		}
		a.say(text)
	}
	return err
}

// keepWalls puts the kernel's rules back where they are not as they are on record, and says so.
func (a *app) keepWalls(ctx context.Context, p engine) error {
	rebuilt, err := p.Networks.KeepWalls(ctx)
	for _, r := range rebuilt {
		if r.Err == nil {
			a.say("the kernel's rules of network " + r.Network + " were put back: " + r.What)
		} else {
			a.say("the kernel's rules of network " + r.Network + " could not be put back: " + r.What)
		}
		err = errors.Join(err, r.Err)
	}
	return err
}

// reconcile says what became of instances without holm, and what was done about it.
func (a *app) reconcile(ctx context.Context, p engine) error {
	ended, err := p.Instances.Reconcile(ctx)
	for _, e := range ended {
		if e.What != "" {
			a.say(e.Tenant + "/" + e.Name + " " + e.What)
		}
		err = errors.Join(err, e.Err)
	}
	return err
}
