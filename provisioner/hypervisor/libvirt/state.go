package libvirt

import (
	"context"
	"errors"

	"libvirt.org/go/libvirt"

	"holm/provisioner/hypervisor"
)

// State implements provisioner.Hypervisor. A domain whose last run ended in a crash is DomainCrashed until it is
// started again; it holds no resources.
func (h *Host) State(ctx context.Context, uuid string) (hypervisor.State, error) {
	return call(ctx, h, "ask for the state of domain "+uuid, func(c *libvirt.Connect) (hypervisor.State, error) {
		return lookupState(c, uuid)
	})
}

func lookupState(c *libvirt.Connect, uuid string) (state hypervisor.State, err error) {
	_, err = withDomain(c, uuid, func(dom *libvirt.Domain) error {
		s, reason, err := dom.GetState()
		state = stateOf(s, reason)
		return err
	})
	if isCode(err, libvirt.ERR_NO_DOMAIN) {
		return hypervisor.Absent, nil
	}
	return state, err
}

// LiveXML implements provisioner.Hypervisor.
func (h *Host) LiveXML(ctx context.Context, uuid string) (text string, err error) {
	what := "describe running domain " + uuid
	return wait(ctx, h, what, func(c *libvirt.Connect) (text string, err error) {
		_, err = withDomain(c, uuid, func(dom *libvirt.Domain) error {
			if active, err := dom.IsActive(); err != nil {
				return err
			} else if !active {
				return errNotRunning
			}
			text, err = dom.GetXMLDesc(0)
			return err
		})
		return text, err
	})
}

var errNotRunning = errors.New("the domain is not running")

// States implements provisioner.Hypervisor.
func (h *Host) States(ctx context.Context) (map[string]hypervisor.State, error) {
	return wait(ctx, h, "list the domains", func(c *libvirt.Connect) (map[string]hypervisor.State, error) {
		all, err := c.GetAllDomainStats(nil, libvirt.DOMAIN_STATS_STATE, 0)
		if err != nil {
			return nil, err
		}
		states := make(map[string]hypervisor.State, len(all))
		for _, s := range all {
			uuid, uuidErr := s.Domain.GetUUIDString()
			if uuidErr != nil {
				err = uuidErr
			} else if s.State != nil {
				states[uuid] = stateOf(s.State.State, s.State.Reason)
			}
			_ = s.Domain.Free()
		}
		return states, err
	})
}

// SwitchedOff implements provisioner.Hypervisor.
func (h *Host) SwitchedOff(ctx context.Context) (map[string]bool, error) {
	return wait(ctx, h, "list the domains that are off", func(c *libvirt.Connect) (map[string]bool, error) {
		all, err := c.GetAllDomainStats(nil, libvirt.DOMAIN_STATS_STATE, libvirt.CONNECT_GET_ALL_DOMAINS_STATS_SHUTOFF)
		if err != nil {
			return nil, err
		}
		halted := map[string]bool{}
		for _, s := range all {
			if s.State != nil && s.State.State == libvirt.DOMAIN_SHUTOFF &&
				libvirt.DomainShutoffReason(s.State.Reason) == libvirt.DOMAIN_SHUTOFF_SHUTDOWN {
				uuid, uuidErr := s.Domain.GetUUIDString()
				if uuidErr != nil {
					err = uuidErr
				}
				halted[uuid] = true
			}
			_ = s.Domain.Free()
		}
		return halted, err
	})
}

// stateOf sorts libvirt's states. What is not known to be off counts as running, so that nobody deletes its disks.
func stateOf(s libvirt.DomainState, reason int) hypervisor.State {
	switch s {
	case libvirt.DOMAIN_SHUTOFF:
		if libvirt.DomainShutoffReason(reason) == libvirt.DOMAIN_SHUTOFF_CRASHED {
			return hypervisor.Crashed
		}
		return hypervisor.Off
	case libvirt.DOMAIN_CRASHED:
		return hypervisor.Crashed
	case libvirt.DOMAIN_PAUSED:
		switch libvirt.DomainPausedReason(reason) { // in all others somebody wanted it
		case libvirt.DOMAIN_PAUSED_CRASHED:
			return hypervisor.Crashed
		case libvirt.DOMAIN_PAUSED_IOERROR:
			return hypervisor.Stalled
		}
		return hypervisor.Paused
	case libvirt.DOMAIN_PMSUSPENDED:
		return hypervisor.Paused
	case libvirt.DOMAIN_RUNNING, libvirt.DOMAIN_BLOCKED, libvirt.DOMAIN_SHUTDOWN, libvirt.DOMAIN_NOSTATE:
		return hypervisor.Running
	}
	return hypervisor.Running
}
