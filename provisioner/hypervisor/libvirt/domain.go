package libvirt

import (
	"context"
	"errors"
	"fmt"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// none is what calls return that only succeed or fail.
type none = struct{}

// Define implements provisioner.Hypervisor. Libvirt checks the XML against its schema.
func (h *Host) Define(ctx context.Context, xml string) error {
	var d libvirtxml.Domain
	if err := d.Unmarshal(xml); err != nil {
		return fmt.Errorf("define a domain: its XML cannot be read: %w", err)
	}
	_, err := call(ctx, h, fmt.Sprintf("define domain %q", d.Name), func(c *libvirt.Connect) (none, error) {
		if err := oursToDefine(c, d.Name, d.UUID); err != nil {
			return none{}, err
		}
		dom, err := c.DomainDefineXMLFlags(xml, libvirt.DOMAIN_DEFINE_VALIDATE)
		if err != nil {
			return none{}, err
		}
		return none{}, dom.Free()
	})
	return err
}

// oursToDefine refuses a name that belongs to another UUID, and a UUID that belongs to another name: libvirt would
// too, with an error that does not tell it from any other.
func oursToDefine(c *libvirt.Connect, name, uuid string) error {
	if dom, err := c.LookupDomainByName(name); err == nil {
		defer dom.Free() //nolint:errcheck // frees memory, cannot fail
		if have, err := dom.GetUUIDString(); err != nil || have != uuid {
			return fault.New(fault.ForeignObject, "remove or rename it: virsh undefine "+name,
				"a domain named %q %w (it has uuid %s)", name, hypervisor.ErrNotOurs, have)
		}
		return nil
	} else if !isCode(err, libvirt.ERR_NO_DOMAIN) {
		return err
	}
	dom, err := c.LookupDomainByUUIDString(uuid)
	if isCode(err, libvirt.ERR_NO_DOMAIN) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dom.Free() //nolint:errcheck // frees memory, cannot fail
	have, err := dom.GetName()
	if err != nil {
		return err
	}
	return fault.New(fault.ForeignObject, "", "a domain with uuid %s %w (it is named %q)", uuid, hypervisor.ErrNotOurs, have)
}

// startTries is how often a start is tried whose filter came to nothing because somebody else was at the kernel's rules.
const startTries = 4

// isFirewallConflict tells whether a start failed because another program changed the kernel's packet filter while libvirt's
// ebtables was writing its own part: the one that comes second loses, and leaves nothing. It goes by the part of libvirt that failed:
// what it says differs from version to version and from language to language.
func isFirewallConflict(err error) bool {
	lv, ok := errors.AsType[libvirt.Error](err)
	return ok && lv.Domain == libvirt.FROM_FIREWALL
}

// Start implements provisioner.Hypervisor.
func (h *Host) Start(ctx context.Context, uuid string) error {
	// Said before anything is begun: whoever destroys the domain after this was given up on waits for it.
	_, err := waitThen(ctx, h, "start domain "+uuid, func(c *libvirt.Connect) (none, error) {
		return withDomain(c, uuid, func(dom *libvirt.Domain) error {
			for try := 1; ; try++ {
				err := boot(dom)
				if active, activeErr := dom.IsActive(); err != nil && activeErr == nil && active {
					return nil
				}
				if err == nil || try == startTries || !isFirewallConflict(err) || ctx.Err() != nil {
					return err
				}
			}
		})
	}, h.starting(uuid))
	return err
}

// boot starts a domain from its disks: one that was saved when the host went down would go on from what it had in memory then, on
// what was defined then, whatever holm has defined since. What was saved is thrown away.
func boot(dom *libvirt.Domain) error {
	err := dom.CreateWithFlags(libvirt.DOMAIN_START_FORCE_BOOT)
	if isCode(err, libvirt.ERR_INVALID_ARG) { // a driver that does not know this saves nothing
		err = dom.CreateWithFlags(libvirt.DOMAIN_NONE)
	}
	return err
}

// Shutdown implements provisioner.Hypervisor. The guest may ignore it.
func (h *Host) Shutdown(ctx context.Context, uuid string) error {
	_, err := wait(ctx, h, "shut down domain "+uuid, func(c *libvirt.Connect) (none, error) {
		return withDomain(c, uuid, func(dom *libvirt.Domain) error {
			return unlessOff(dom, dom.Shutdown())
		})
	})
	return err
}

// Destroy implements provisioner.Hypervisor.
func (h *Host) Destroy(ctx context.Context, uuid string) error {
	h.settled(ctx, uuid)
	_, err := wait(ctx, h, "destroy domain "+uuid, func(c *libvirt.Connect) (none, error) {
		return unlessAbsent(withDomain(c, uuid, func(dom *libvirt.Domain) error {
			return unlessOff(dom, dom.Destroy())
		}))
	})
	return err
}

// Undefine implements provisioner.Hypervisor. What libvirt keeps beside the definition goes with it: a host that was
// shut down may have saved the guest, and libvirt would refuse. The traces go first: as long as they are there, so is the definition,
// and who has died in between finds both again.
func (h *Host) Undefine(ctx context.Context, uuid string) error {
	const everything = libvirt.DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
		libvirt.DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | libvirt.DOMAIN_UNDEFINE_NVRAM
	_, err := wait(ctx, h, "undefine domain "+uuid, func(c *libvirt.Connect) (none, error) {
		return unlessAbsent(withDomain(c, uuid, func(dom *libvirt.Domain) error {
			if persistent, err := dom.IsPersistent(); err != nil || !persistent {
				return err
			}
			traces := removeTraces(c, dom)
			err := dom.UndefineFlags(everything)
			if isCode(err, libvirt.ERR_INVALID_ARG) {
				// A driver that knows none of these has none of them to remove.
				err = dom.Undefine()
			}
			return errors.Join(err, traces)
		}))
	})
	return err
}

// withDomain finds a domain, lends it to f and frees it.
func withDomain(c *libvirt.Connect, uuid string, f func(*libvirt.Domain) error) (none, error) {
	dom, err := c.LookupDomainByUUIDString(uuid)
	if err != nil {
		return none{}, err
	}
	defer dom.Free() //nolint:errcheck // frees memory, cannot fail
	return none{}, f(dom)
}

// unlessOff forgives an operation that failed on a domain that does not run. The state decides and not the error's
// code, which differs from driver to driver.
func unlessOff(dom *libvirt.Domain, err error) error {
	if active, activeErr := dom.IsActive(); err != nil && activeErr == nil && !active {
		return nil
	}
	return err
}

func unlessAbsent(v none, err error) (none, error) {
	if isCode(err, libvirt.ERR_NO_DOMAIN) {
		return v, nil
	}
	return v, err
}
