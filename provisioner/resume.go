package provisioner

import (
	"context"
	"runtime"
	"sync"
	"time"

	"holm/provisioner/model"
)

// Started is what became of one of many that were to be switched on.
type Started struct {
	model.Instance
	Err error // nil when it is ready
}

// StartAll switches on every instance that was not switched off by holm and does not run: what ran when the host went
// down. It starts as many at the same time as there are CPUs, and goes on past those that fail, or that do not get ready soon.
// Each is one step of what observe sees.
func (p *Provisioner) StartAll(ctx context.Context, observe Observer) ([]Started, error) {
	off, err := p.Interrupted(ctx)
	if err != nil || len(off) == 0 {
		return nil, err
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	w := p.watch(observe)
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
			result[i] = p.startOne(mine, inst, w)
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
func (p *Provisioner) startOne(ctx context.Context, inst model.Instance, w *watcher) Started {
	if ctx.Err() != nil {
		return Started{inst, cutShort(context.Cause(ctx), "start it: "+command("start", inst), "instance %q was not started", inst.Name)}
	}
	step := inst.Tenant + "/" + inst.Name
	w.begin(step)
	started, err := p.Start(ctx, inst.Tenant, inst.Name, nil)
	if err != nil {
		w.tell(step, Broken, err.Error())
		return Started{inst, err}
	}
	w.finish(step, string(started.State))
	return Started{started, nil}
}

// Interrupted returns the instances that are off although nobody has stopped them, by holm or from within, in no particular order.
func (p *Provisioner) Interrupted(ctx context.Context) ([]model.Instance, error) {
	h, all, states, err := p.everyState(ctx)
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
		if s, there := states[inst.UUID]; there && off(s) && (inst.Parked || !halted[inst.UUID] || inst.State == model.Failed) {
			found = append(found, inst)
		}
	}
	return found, nil
}
