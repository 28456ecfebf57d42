package instances

import (
	"context"
	"runtime"
	"sync"
	"time"

	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// Started is what became of one of many that were to be switched on.
type Started struct {
	model.Instance
	Err error // nil when it is ready
}

// StartAll switches on every instance that was not switched off by holm and does not run: what ran when the host went
// down. It starts as many at the same time as there are CPUs, and goes on past those that fail, or that do not get ready soon.
// Each is one step of what observe sees.
func (f *Fleet) StartAll(ctx context.Context, observe operations.Observer) ([]Started, error) {
	off, err := f.Interrupted(ctx)
	if err != nil || len(off) == 0 {
		return nil, err
	}
	if err := f.Operations.Prepare(); err != nil {
		return nil, err
	}
	w := f.Operations.Watch(observe)
	result := make([]Started, len(off))
	turns := newTurns(off, runtime.NumCPU())
	var all sync.WaitGroup
	for i, inst := range off {
		all.Go(func() {
			over := turns.take(inst.Tenant)
			defer over()
			defer time.AfterFunc(turnLasts, over).Stop()
			mine, cancel := context.WithTimeout(ctx, resumesWithin)
			defer cancel()
			result[i] = f.startOne(mine, inst, w)
		})
	}
	all.Wait()
	return result, nil
}

const (
	// turnLasts is how long a guest that does not get ready keeps others from being started.
	turnLasts = time.Minute
	// resumesWithin is how long one of many is waited for, from its turn on. It goes on booting by itself.
	resumesWithin = 20 * time.Minute
)

// turns are the starts that may go on at the same time: as many as there are processors, and of each tenant its share of
// them, so that nobody's guests keep everybody else's off.
type turns struct {
	all chan struct{}
	of  map[string]chan struct{}
}

func newTurns(instances []model.Instance, processors int) turns {
	t := turns{make(chan struct{}, max(1, processors)), map[string]chan struct{}{}}
	for _, inst := range instances {
		t.of[inst.Tenant] = nil
	}
	for tenant := range t.of {
		t.of[tenant] = make(chan struct{}, max(1, processors/len(t.of)))
	}
	return t
}

// take waits for a turn of a tenant's, and returns what ends it; it may be called twice.
func (t turns) take(tenant string) (over func()) {
	t.of[tenant] <- struct{}{}
	t.all <- struct{}{}
	return sync.OnceFunc(func() { <-t.all; <-t.of[tenant] })
}

// startOne is one of many: what it does in detail is told to nobody.
func (f *Fleet) startOne(ctx context.Context, inst model.Instance, w *operations.Watcher) Started {
	if ctx.Err() != nil {
		return Started{inst, operations.CutShort(context.Cause(ctx), "start it: "+model.Command("start", inst),
			"instance %q was not started", inst.Name)}
	}
	step := inst.Tenant + "/" + inst.Name
	w.Begin(step)
	started, err := f.Power.Start(ctx, inst.Tenant, inst.Name, nil)
	if err != nil {
		w.Tell(step, operations.Broken, err.Error())
		return Started{inst, err}
	}
	w.Finish(step, string(started.State))
	return Started{started, nil}
}

// Interrupted returns the instances that are off although nobody has stopped them, by holm or from within, in no particular order.
func (f *Fleet) Interrupted(ctx context.Context) ([]model.Instance, error) {
	h, all, states, err := f.everyState(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	halted, err := h.SwitchedOff(ctx)
	if err != nil {
		return nil, err
	}
	var found []model.Instance
	for _, inst := range all {
		switch inst.State {
		case model.Creating, model.Destroying, model.Stopped:
			continue
		}
		if s, there := states[inst.UUID]; there && operations.Down(s) && (inst.Parked || !halted[inst.UUID] || inst.State == model.Failed) {
			found = append(found, inst)
		}
	}
	return found, nil
}
