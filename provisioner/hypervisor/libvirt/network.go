package libvirt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// EnsureNetwork implements provisioner.Hypervisor. The network comes up with the host. One that cannot be started is
// not left behind, if it was not there before.
func (h *Host) EnsureNetwork(ctx context.Context, xml string) error {
	want, err := readNetwork(xml)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("make network %q", want.Name)
	_, err = wait(ctx, h, what, func(c *libvirt.Connect) (none, error) {
		if err := h.prepareNetworks(); err != nil {
			return none{}, err
		}
		made, err := defineNetwork(c, want, xml)
		if err != nil {
			return none{}, err
		}
		err = startNetwork(c, want)
		if err != nil && made {
			_, _ = undefineNetwork(c, want.UUID)
		}
		return none{}, err
	})
	return err
}

// prepareNetworks makes the directory in which libvirt notes the MAC addresses of every network. Libvirt makes it only
// when it starts dnsmasq, which holm's networks do without: on a host where no other network ever ran, starting a
// domain fails for want of it (libvirt 9.0: "Failed to create file …/holm0.macs.new").
func (h *Host) prepareNetworks() error {
	const home = "/var/lib/libvirt"
	u, err := url.Parse(h.uri)
	if err != nil || u.Scheme != "qemu" || u.Host != "" || u.Path != "/system" {
		return nil //nolint:nilerr // a libvirt elsewhere, or one that runs no dnsmasq
	}
	dir := filepath.Join(home, "dnsmasq")
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as libvirt itself makes it
		return fault.New(fault.Unfit, "run: sudo mkdir -p "+dir, "%s, which libvirt needs, cannot be made: %w", dir, err)
	}
	return nil
}

// defineNetwork tells whether it was not there before. One that is there and is another than wanted is made anew, unless
// domains hang on it: then it stays until they are off. One that an older holm made is noted to be this state directory's.
func defineNetwork(c *libvirt.Connect, want libvirtxml.Network, xml string) (made bool, err error) {
	got, err := owned(c, want)
	if err != nil {
		return false, err
	}
	switch {
	case got == nil:
	case noticeable(*got) != noticeable(want):
		gone, err := undefineNetwork(c, want.UUID)
		if err == nil && !gone && got.Bridge.Name != want.Bridge.Name {
			err = fault.New(fault.Busy, "stop its instances first",
				"network %q has bridge %s, is to have %s, and is in use", want.Name, got.Bridge.Name, want.Bridge.Name)
		}
		if err != nil || !gone {
			return false, err
		}
	case owner(got) == owner(&want):
		return false, nil
	}
	n, err := c.NetworkDefineXML(xml)
	if err != nil {
		return false, err
	}
	return got == nil, n.Free()
}

// noticeable is what instances notice of a network, and the bridge that they hang on.
func noticeable(n libvirtxml.Network) string {
	var e struct {
		mode     string
		isolated bool
		bridge   string
		ips      []string
	}
	if n.Forward != nil {
		e.mode = n.Forward.Mode
	}
	if n.Bridge != nil {
		e.bridge = n.Bridge.Name
	}
	e.isolated = n.PortOptions != nil && n.PortOptions.Isolated == "yes"
	for _, ip := range n.IPs {
		e.ips = append(e.ips, fmt.Sprintf("%s/%d", ip.Address, ip.Prefix))
	}
	return fmt.Sprintf("%+v", e)
}

func notOurs(remedy, format, object, detail string) error {
	return fault.New(fault.ForeignObject, remedy, format, object, hypervisor.ErrNotOurs, detail)
}

func startNetwork(c *libvirt.Connect, want libvirtxml.Network) error {
	n, err := c.LookupNetworkByUUIDString(want.UUID)
	if err != nil {
		return err
	}
	defer n.Free() //nolint:errcheck // frees memory, cannot fail
	active, err := n.IsActive()
	if err != nil {
		return err
	}
	if !active {
		_, taken := net.InterfaceByName(want.Bridge.Name)
		err := n.Create()
		if isActive, activeErr := n.IsActive(); activeErr == nil && isActive {
			err = nil // another process was faster
		}
		if err != nil && taken == nil {
			return notOurs("remove it: ip link delete "+want.Bridge.Name, "bridge %q %w: %s", want.Bridge.Name, translate(err).Error())
		}
		if err != nil {
			return err
		}
	}
	return n.SetAutostart(true)
}

// RemoveNetwork implements provisioner.Hypervisor.
func (h *Host) RemoveNetwork(ctx context.Context, uuid string) (gone bool, err error) {
	return wait(ctx, h, "remove network "+uuid, func(c *libvirt.Connect) (bool, error) {
		return undefineNetwork(c, uuid)
	})
}

// hasPorts tells whether a domain is attached to the network. One of another state directory may be: its guest would
// lose the network for good.
func hasPorts(n *libvirt.Network) (bool, error) {
	ports, err := n.ListAllPorts(0)
	if lacks(err) {
		return false, nil
	}
	for i := range ports {
		_ = ports[i].Free()
	}
	return len(ports) > 0, err
}

func undefineNetwork(c *libvirt.Connect, uuid string) (gone bool, err error) {
	n, err := c.LookupNetworkByUUIDString(uuid)
	if isCode(err, libvirt.ERR_NO_NETWORK) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer n.Free() //nolint:errcheck // frees memory, cannot fail
	if active, err := n.IsActive(); err != nil {
		return false, err
	} else if active {
		if used, err := hasPorts(n); err != nil || used {
			return false, err
		}
		if err := n.Destroy(); err != nil && !isCode(err, libvirt.ERR_OPERATION_INVALID) {
			return false, err
		}
	}
	// A network that was not defined for good is gone once it is stopped.
	if err := n.Undefine(); err != nil && !isCode(err, libvirt.ERR_NO_NETWORK) {
		return false, err
	}
	return true, nil
}
