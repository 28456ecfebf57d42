package libvirt

import (
	"context"
	"fmt"

	"libvirt.org/go/libvirt"

	"holm/provisioner/network"
)

// EnsureFilter implements provisioner.Hypervisor. One of that name stays as it is: its name says what it is.
func (h *Host) EnsureFilter(ctx context.Context, name, xml string) error {
	_, err := wait(ctx, h, fmt.Sprintf("make network filter %q", name), func(c *libvirt.Connect) (none, error) {
		f, err := c.LookupNWFilterByName(name)
		if err == nil {
			defer f.Free() //nolint:errcheck // frees memory, cannot fail
			return none{}, oursFilter(f, name)
		}
		if !isCode(err, libvirt.ERR_NO_NWFILTER) {
			return none{}, err
		}
		if f, err = c.NWFilterDefineXML(xml); err != nil {
			return none{}, err
		}
		return none{}, f.Free()
	})
	return err
}

// oursFilter refuses a filter of holm's name that somebody else has made.
func oursFilter(f *libvirt.NWFilter, name string) error {
	uuid, err := f.GetUUIDString()
	if err != nil || uuid == network.UUID(name) {
		return err
	}
	return notOurs("remove it: virsh nwfilter-undefine "+name, "network filter %q %w (it has uuid %s)", name, uuid)
}

// RemoveFilter implements provisioner.Hypervisor.
func (h *Host) RemoveFilter(ctx context.Context, name string) error {
	_, err := wait(ctx, h, fmt.Sprintf("remove network filter %q", name), func(c *libvirt.Connect) (none, error) {
		f, err := c.LookupNWFilterByName(name)
		if isCode(err, libvirt.ERR_NO_NWFILTER) {
			return none{}, nil
		}
		if err != nil {
			return none{}, err
		}
		defer f.Free() //nolint:errcheck // frees memory, cannot fail
		if oursFilter(f, name) != nil {
			return none{}, nil // somebody else's
		}
		err = f.Undefine()
		if isCode(err, libvirt.ERR_OPERATION_INVALID) || isCode(err, libvirt.ERR_NO_NWFILTER) {
			return none{}, nil // a domain that runs uses it, or somebody else was faster
		}
		return none{}, err
	})
	return err
}
