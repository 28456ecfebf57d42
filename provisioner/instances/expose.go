package instances

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/guestlink"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// maxExposed is how many ports an instance may have published.
const maxExposed = 64

// Expose publishes ports of the host for an instance, from now on and after each reboot until it is removed. A port that
// leads elsewhere already, or that a program of the host's has, is refused, and so is an instance that did not hold what it was
// promised to be: nobody is to be led there unawares. One that is not up yet gets its ports, and lets them in once it is.
func (p *Publisher) Expose(ctx context.Context, tenant, name string, ports []model.Port,
	observe operations.Observer,
) (model.Instance, error) {
	return p.changePorts(ctx, tenant, name, p.Operations.Watch(observe), func(inst model.Instance,
		others []model.Instance,
	) ([]model.Port, error) {
		if inst.State == model.Failed {
			return nil, fault.New(fault.Refused, "mend it first: "+model.Command("restart", inst)+", and see "+model.Command("logs", inst),
				"instance %q is not ready and is not published: %s", fault.Instance(inst.Name), inst.Failure)
		}
		exposed := slices.Clone(inst.Exposed)
		for _, port := range ports {
			if slices.Contains(exposed, model.Port(port)) {
				continue
			}
			if err := p.portIsFree(ctx, port, others); err != nil {
				return nil, err
			}
			exposed = append(exposed, model.Port(port))
		}
		if len(exposed) > maxExposed {
			return nil, fault.New(fault.PortsExceeded, "take some back: "+model.Command("expose", inst)+" PORT --rm",
				"%d ports are too many for instance %q: at most %d", len(exposed), fault.Instance(inst.Name), fault.Limit(maxExposed))
		}
		slices.SortFunc(exposed, func(a, b model.Port) int { return a.Compare(b) })
		return exposed, nil
	})
}

// Unexpose takes ports back. What is not published is a fault of kind NotFound.
func (p *Publisher) Unexpose(ctx context.Context, tenant, name string, ports []model.Port,
	observe operations.Observer,
) (model.Instance, error) {
	return p.changePorts(ctx, tenant, name, p.Operations.Watch(observe), func(inst model.Instance, _ []model.Instance) ([]model.Port, error) {
		exposed := slices.Clone(inst.Exposed)
		for _, port := range ports {
			at := slices.IndexFunc(exposed, func(e model.Port) bool { return e.Compare(port) == 0 })
			if at < 0 {
				return nil, fault.New(fault.PortNotPublished, "see which are: "+model.Command("expose", inst),
					"port %d/%s does not lead to instance %q", port.Host, port.Protocol, fault.Instance(inst.Name)).With(fault.Port(port.String()))
			}
			exposed = slices.Delete(exposed, at, at+1)
		}
		return exposed, nil
	})
}

// portIsFree refuses a port of the host that leads somewhere already.
func (p *Publisher) portIsFree(ctx context.Context, port model.Port, all []model.Instance) error {
	for _, other := range all {
		for _, e := range other.Exposed {
			if e.Compare(port) == 0 {
				return fault.New(fault.PortTaken, "take it back first: "+model.Command("expose", other)+" "+e.String()+" --rm",
					"port %d/%s leads to port %d of instance %q already", port.Host, port.Protocol, e.Guest, other.Name).
					With(fault.Port(e.String()))
			}
		}
	}
	taken, err := p.Listens(ctx, port.Protocol, port.Host)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.PortTaken, "take another port of the host's",
			"a program of this host has port %d/%s", port.Host, port.Protocol).With(fault.Port(port.String()))
	}
	return nil
}

// changePorts changes what is published for an instance: the record first, then the kernel's rules. Rules that cannot be had
// are taken out of the record again. Whoever publishes holds the network, so that no two get the same port.
func (p *Publisher) changePorts(ctx context.Context, tenant, name string, w *operations.Watcher,
	change func(inst model.Instance, all []model.Instance) ([]model.Port, error),
) (model.Instance, error) {
	h, inst, release, err := p.Operations.Hold(ctx, tenant, name, operations.AtOnce)
	if err != nil {
		return inst, err
	}
	defer release()
	if inst.State == model.Creating || inst.State == model.Destroying {
		return inst, operations.Unfinished(inst)
	}
	if inst, err = p.publish(ctx, h, inst, change); err != nil || inst.State != model.Ready {
		return inst, err // one that is not ready is told once it is
	}
	if state, err := h.State(ctx, inst.UUID); err != nil || state != hypervisor.Running {
		return inst, err
	}
	return inst, p.openGuestPorts(ctx, h, inst, w)
}

// publish changes what the host publishes, in the record and in the kernel.
func (p *Publisher) publish(ctx context.Context, h hypervisor.Driver, inst model.Instance,
	change func(inst model.Instance, all []model.Instance) ([]model.Port, error),
) (model.Instance, error) {
	leave, err := p.Operations.HoldNetwork(ctx)
	if err != nil {
		return inst, err
	}
	defer leave()
	all, err := p.Records.Instances(ctx)
	if err != nil {
		return inst, err
	}
	exposed, err := change(inst, all)
	if err != nil {
		return inst, err
	}
	set := func(ports []model.Port) (model.Instance, error) {
		return p.Records.Update(context.WithoutCancel(ctx), inst.ID, func(i *model.Instance) error {
			i.Exposed = ports
			return nil
		})
	}
	before := inst.Exposed
	if inst, err = set(exposed); err != nil {
		return inst, err
	}
	p.Operations.Crash("expose.recorded")
	n, err := p.Networks.Named(ctx, inst.Tenant, inst.Network)
	if err != nil {
		inst, undo := set(before)
		return inst, operations.OneError(err, undo)
	}
	if err = p.Networks.Guard(ctx, h, n); err == nil {
		return inst, nil
	}
	inst, undo := set(before)
	// The rules may be in force already, and what follows from them not; err says enough.
	_ = p.Networks.Guard(context.WithoutCancel(ctx), h, n)
	return inst, operations.OneError(err, undo)
}

// letsInWithin is how long a guest may take to open its own firewall.
const letsInWithin = 30 * time.Second

// openGuestPorts has a running guest let in what the host publishes of it.
func (p *Publisher) openGuestPorts(ctx context.Context, h hypervisor.Driver, inst model.Instance, w *operations.Watcher) error {
	limited, cancel := context.WithTimeout(ctx, letsInWithin)
	defer cancel()
	err := p.Link.Ask(limited, h, inst, w, guestlink.Question{
		Ask: report.AskExpose, Ports: guestlink.GuestPorts(inst), While: "opening its firewall", Step: "exposed",
		Answered: func(r report.Report) (bool, error) {
			if r.Stage == report.StageFailed {
				return true, guestlink.Failure(r)
			}
			return r.Stage == report.StageChecked, nil
		},
	})
	switch {
	case err == nil:
		return nil
	case operations.IsEndOf(ctx, err):
		return operations.CutShort(context.Cause(ctx), "it is told at its next start: "+model.Command("restart", inst),
			"the host publishes the ports, instance %q has not been told", inst.Name)
	}
	return fault.New(fault.GuestRefuses,
		"an older image has to be replaced: "+model.Command("rebuild --keep-state", inst)+", and a seed from before it, with the instance",
		"the host publishes the ports, and instance %q does not let them in: %s", fault.Instance(inst.Name), model.OneLine(err.Error()))
}

// Exposure is a port of the host that leads to an instance.
type Exposure struct {
	model.Port
	Tenant  string     `json:"tenant"`
	Name    string     `json:"name"`
	Address netip.Addr `json:"address"`
	// State is the instance's on record: whoever comes to one that is not ready may find nobody, or one that failed.
	State model.State `json:"state"`
}

// Exposures returns what is published for an instance, or for all of them when name is "", sorted by port.
func (p *Publisher) Exposures(ctx context.Context, tenant, name string) ([]Exposure, error) {
	var all []model.Instance
	if name != "" {
		inst, err := p.Operations.Find(ctx, tenant, name)
		if err != nil {
			return nil, err
		}
		all = append(all, inst)
	} else {
		var err error
		if all, err = p.Records.Instances(ctx); err != nil {
			return nil, err
		}
	}
	var exposed []Exposure
	for _, inst := range all {
		for _, port := range inst.Exposed {
			exposed = append(exposed, Exposure{Port: port, Tenant: inst.Tenant, Name: inst.Name, Address: inst.Address, State: inst.State})
		}
	}
	slices.SortFunc(exposed, func(a, b Exposure) int { return a.Compare(b.Port) })
	return exposed, nil
}
