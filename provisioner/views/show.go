package views

import (
	"cmp"
	"context"
	"errors"
	"io"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// Show returns the record of an instance, what the hypervisor says of it now, and what it takes on disk.
// Where libvirt cannot be reached, the state is unknown.
func (svc *Service) Show(ctx context.Context, tenant, name string) (Instance, error) {
	inst, err := svc.Operations.Find(ctx, tenant, name)
	if err != nil {
		return Instance{}, err
	}
	h, err := svc.Operations.Connect(ctx)
	state := hypervisor.Unknown
	if err == nil {
		state, err = h.State(ctx, inst.UUID)
	}
	unknown, err := unreachable(err)
	if err != nil {
		return Instance{}, err
	}
	set, err := svc.Records.Settings(ctx)
	if err != nil {
		return Instance{}, err
	}
	plan := svc.Parts.Plan(set, h, inst)
	if inst.Key != nil { // its name is to be seen, and what it is sealed in is nobody's business
		named := inst.Key.Destroyed()
		inst.Key = &named
	}
	force := svc.Link.InForce(set, inst)
	inst.Environment = inst.Environment.Shown()
	v := Instance{Instance: inst, DomainState: state, Status: operations.StatusOf(inst.State, state), Now: unknown, InForce: force.Shown()}
	if unknown != "" {
		v.DomainState, v.Status = hypervisor.Unknown, string(hypervisor.Unknown)
	}
	if state == hypervisor.Stalled {
		v.Stalled = WhyStalled(ctx, h, inst)
	}
	if v.Status == string(model.Ready) {
		if word, why := svc.standing(ctx, h, inst); word != "" {
			v.Status, v.Now = word, why
		}
	}
	if unknown == "" && inst.State != model.Creating && inst.State != model.Destroying {
		v.Wrong, _ = svc.Parts.All().Inspect(ctx, plan) // what cannot be looked at keeps nobody from being shown the rest
	}
	// Nor does a pool that is broken.
	if used, err := plan.Usage(ctx); err == nil {
		v.VolumeBytes = used.AllocatedBytes
	}
	return v, ctx.Err()
}

// unreachable is why libvirt says nothing of instances, when that is all that is wrong: what is on record is there to be seen.
func unreachable(err error) (why string, other error) {
	if errors.Is(err, hypervisor.ErrUnreachable) {
		return model.OneLine(err.Error()), nil
	}
	return "", err
}

// List returns all instances of a tenant, or of all tenants when it is "", by tenant and name. Where libvirt cannot be reached
// they are what the record says, and "unknown".
func (svc *Service) List(ctx context.Context, tenant string) ([]Row, error) {
	if tenant != "" {
		if err := model.ValidateName("tenant", tenant); err != nil {
			return nil, err
		}
	}
	all, err := svc.Records.List(ctx, tenant)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	h, err := svc.Operations.Connect(ctx)
	var states map[string]hypervisor.State
	if err == nil {
		states, err = h.States(ctx)
	}
	unknown, err := unreachable(err)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(all))
	for i, s := range all {
		if unknown != "" {
			rows[i] = Row{Summary: s, Status: string(hypervisor.Unknown)}
			continue
		}
		domain, ok := states[s.UUID]
		if !ok {
			domain = hypervisor.Absent
		}
		rows[i] = Row{Summary: s, Status: operations.StatusOf(s.State, domain)}
	}
	if unknown == "" {
		svc.doubt(ctx, h, rows)
	}
	return rows, ctx.Err()
}

// Stats returns the counters of a running instance.
func (svc *Service) Stats(ctx context.Context, tenant, name string) (hypervisor.Stats, error) {
	h, inst, err := svc.reach(ctx, tenant, name)
	if err != nil {
		return hypervisor.Stats{}, err
	}
	stats, err := h.Stats(ctx, inst.UUID)
	if errors.Is(err, hypervisor.ErrNoDomain) || err == nil && operations.Down(stats.State) {
		return stats, operations.NotRunning(inst, cmp.Or(stats.State, hypervisor.Absent))
	}
	return stats, err
}

// Console opens the serial console of a running instance.
func (svc *Service) Console(ctx context.Context, tenant, name string) (io.ReadWriteCloser, error) {
	h, inst, err := svc.reach(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	state, err := h.State(ctx, inst.UUID)
	if err != nil {
		return nil, err
	}
	if operations.Down(state) {
		return nil, operations.NotRunning(inst, state)
	}
	return h.Console(ctx, inst.UUID)
}

// reach finds an instance without taking its lock: looking changes nothing.
func (svc *Service) reach(ctx context.Context, tenant, name string) (hypervisor.Driver, model.Instance, error) {
	inst, err := svc.Operations.Find(ctx, tenant, name)
	if err != nil {
		return nil, inst, err
	}
	h, err := svc.Operations.Connect(ctx)
	return h, inst, err
}
