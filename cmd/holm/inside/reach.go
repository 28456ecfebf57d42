package inside

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
func running(ctx context.Context, a *app, name string) (Engine, views.Instance, error) {
	p, err := a.Open(ctx)
	if err != nil {
		return Engine{}, views.Instance{}, err
	}
	v, err := p.Instances.Show(ctx, a.Tenant(), name)
	if err != nil {
		return Engine{}, v, err
	}
	switch v.DomainState { // in all others it is off
	case hypervisor.Running, hypervisor.Unknown: // libvirt may be gone and the guest there: it is tried
		return p, v, nil
	case hypervisor.Paused, hypervisor.Stalled:
		return Engine{}, v, operations.Asleep(v.Instance, v.DomainState)
	default:
		return Engine{}, v, fault.New(fault.Failure, "run: "+a.Command("start", name), "instance %q is not running (%s)", name, v.Status)
	}
}

// targetOf is how an instance is reached, with holm's own key.
func targetOf(a *app, v views.Instance) sshTarget {
	return sshTarget{
		ID: v.ID, User: v.User, Address: v.Address,
		KnownHosts: parts.KnownHostsPath(a.Settings.State, v.ID),
		Identity:   parts.KeyPath(a.Settings.State), Own: true,
	}
}

// target finds an instance that ssh can reach: it runs, and its host key is known.
func reach(ctx context.Context, a *app, name string) (sshTarget, error) {
	_, v, err := running(ctx, a, name)
	if err != nil {
		return sshTarget{}, err
	}
	if v.HostKey == "" {
		return sshTarget{}, fault.New(fault.Failure, "run: "+a.Command("wait", name), "instance %q is not ready yet (%s)", name, v.Status)
	}
	t := targetOf(a, v)
	for _, path := range []string{t.KnownHosts, t.Identity} {
		if _, err := os.Stat(path); err != nil {
			return t, fault.New(fault.Failure, "make it again: "+a.Command("restart", name), "instance %q cannot be reached: %w", name, err)
		}
	}
	return t, nil
}
