package hypervisor

import (
	"context"
	"fmt"

	"libvirt.org/go/libvirt"
)

// EnsureFilter implements provisioner.Hypervisor. One of that name stays as it is: its name says what it is.
func (h *Host) EnsureFilter(ctx context.Context, name, xml string) error {
	_, err := wait(ctx, h, fmt.Sprintf("make network filter %q", name), func(c *libvirt.Connect) (none, error) {
		f, err := c.LookupNWFilterByName(name)
		if err == nil {
			return none{}, f.Free()
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
		err = f.Undefine()
		if isCode(err, libvirt.ERR_OPERATION_INVALID) || isCode(err, libvirt.ERR_NO_NWFILTER) {
			return none{}, nil // a domain that runs uses it, or somebody else was faster
		}
		return none{}, err
	})
	return err
}
