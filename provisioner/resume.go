package provisioner

import (
	"context"
	"runtime"
	"sync"

	"holm/storage/records"
)

// Started is what became of one of many that were to be switched on.
type Started struct {
	records.Instance
	Err error // nil when it is ready
}

// StartAll switches on every instance that was not switched off by holm and does not run: what ran when the host went
// down. It starts as many at the same time as there are CPUs, and goes on past those that fail. Each is one step of what
// observe sees.
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
	slots := make(chan struct{}, max(1, runtime.NumCPU()))
	var all sync.WaitGroup
	for i, inst := range off {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			result[i] = p.startOne(ctx, inst, w)
		})
	}
	all.Wait()
	return result, nil
}

// startOne is one of many: what it does in detail is told to nobody.
func (p *Provisioner) startOne(ctx context.Context, inst records.Instance, w *watcher) Started {
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
func (p *Provisioner) Interrupted(ctx context.Context) ([]records.Instance, error) {
	all, err := p.Records.Instances(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	h, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	states, err := h.States(ctx)
	if err != nil {
		return nil, err
	}
	halted, err := h.SwitchedOff(ctx)
	if err != nil {
		return nil, err
	}
	var found []records.Instance
	for _, inst := range all {
		switch inst.State {
		case records.Creating, records.Destroying, records.Stopped:
			continue
		}
		if s, there := states[inst.UUID]; there && off(s) && (inst.Parked || !halted[inst.UUID] || inst.State == records.Failed) {
			found = append(found, inst)
		}
	}
	return found, nil
}
