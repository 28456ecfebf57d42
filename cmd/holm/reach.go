package main

import (
	"context"
	"os"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/views"
)

// running finds an instance that has a running guest in it, as far as libvirt knows.
func (a *app) running(ctx context.Context, name string) (engine, views.Instance, error) {
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return engine{}, views.Instance{}, err
	}
	v, err := p.Instances.Show(ctx, a.tenant(), name)
	if err != nil {
		return engine{}, v, err
	}
	switch v.DomainState { // in all others it is off
	case hypervisor.Running, hypervisor.Unknown: // libvirt may be gone and the guest there: it is tried
		return p, v, nil
	case hypervisor.Paused, hypervisor.Stalled:
		return engine{}, v, operations.Asleep(v.Instance, v.DomainState)
	default:
		return engine{}, v, fault.New(fault.Failure, "run: "+a.command("start", name), "instance %q is not running (%s)", name, v.Status)
	}
}

// targetOf is how an instance is reached, with holm's own key.
func (a *app) targetOf(v views.Instance) sshTarget {
	return sshTarget{
		ID: v.ID, User: v.User, Address: v.Address,
		KnownHosts: parts.KnownHostsPath(a.settings.state, v.ID),
		Identity:   parts.KeyPath(a.settings.state), Own: true,
	}
}

// target finds an instance that ssh can reach: it runs, and its host key is known.
func (a *app) target(ctx context.Context, name string) (sshTarget, error) {
	_, v, err := a.running(ctx, name)
	if err != nil {
		return sshTarget{}, err
	}
	if v.HostKey == "" {
		return sshTarget{}, fault.New(fault.Failure, "run: "+a.command("wait", name), "instance %q is not ready yet (%s)", name, v.Status)
	}
	t := a.targetOf(v)
	for _, path := range []string{t.KnownHosts, t.Identity} {
		if _, err := os.Stat(path); err != nil {
			return t, fault.New(fault.Failure, "make it again: "+a.command("restart", name), "instance %q cannot be reached: %w", name, err)
		}
	}
	return t, nil
}
