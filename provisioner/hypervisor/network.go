package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
	"holm/provisioner"
)

// EnsureNetwork implements provisioner.Hypervisor. The network comes up with the host. One that cannot be started is
// not left behind, if it was not there before.
func (h *Host) EnsureNetwork(ctx context.Context, xml string) error {
	var want libvirtxml.Network
	if err := want.Unmarshal(xml); err != nil {
		return fmt.Errorf("make a network: its XML cannot be read: %w", err)
	}
	if want.Name == "" || want.UUID == "" || want.Bridge == nil || want.Bridge.Name == "" {
		return fault.New(fault.Usage, "", "network %q is not complete: its XML needs a name, a uuid and a bridge", want.Name)
	}
	want.UUID = strings.ToLower(want.UUID)
	what := fmt.Sprintf("make network %q", want.Name)
	_, err := wait(ctx, h, what, func(c *libvirt.Connect) (none, error) {
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
		return nil // a libvirt elsewhere, or one that runs no dnsmasq
	}
	dir := filepath.Join(home, "dnsmasq")
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as libvirt itself makes it
		return fault.New(fault.Unfit, "run: sudo mkdir -p "+dir, "%s, which libvirt needs, cannot be made: %w", dir, err)
	}
	return nil
}

// defineNetwork tells whether it was not there before. One that is there and is another than wanted is made anew, unless
// domains hang on it: then it stays until they are off.
func defineNetwork(c *libvirt.Connect, want libvirtxml.Network, xml string) (made bool, err error) {
	networks, err := c.ListAllNetworks(0)
	if err != nil {
		return false, err
	}
	found := false
	for i := range networks {
		ours, checkErr := oursToUse(&networks[i], want)
		found = found || ours
		if err == nil {
			err = checkErr
		}
		_ = networks[i].Free()
	}
	if err != nil {
		return false, err
	}
	if found {
		if same, err := likeThat(c, want); err != nil || same {
			return false, err
		}
		if gone, err := undefineNetwork(c, want.UUID); err != nil || !gone {
			return false, err
		}
	}
	n, err := c.NetworkDefineXML(xml)
	if err != nil {
		return false, err
	}
	return true, n.Free()
}

// likeThat tells whether the network that has the wanted one's UUID routes, keeps apart and is addressed as that one.
func likeThat(c *libvirt.Connect, want libvirtxml.Network) (bool, error) {
	n, err := c.LookupNetworkByUUIDString(want.UUID)
	if err != nil {
		return false, err
	}
	defer n.Free() //nolint:errcheck // frees memory, cannot fail
	text, err := n.GetXMLDesc(0)
	if err != nil {
		return false, err
	}
	var got libvirtxml.Network
	if err := got.Unmarshal(text); err != nil {
		return false, fmt.Errorf("network %q as libvirt has it: %w", want.Name, err)
	}
	return essence(got) == essence(want), nil
}

// essence is what instances notice of a network.
func essence(n libvirtxml.Network) string {
	var e struct {
		mode     string
		isolated bool
		ips      []string
	}
	if n.Forward != nil {
		e.mode = n.Forward.Mode
	}
	e.isolated = n.PortOptions != nil && n.PortOptions.Isolated == "yes"
	for _, ip := range n.IPs {
		e.ips = append(e.ips, fmt.Sprintf("%s/%d", ip.Address, ip.Prefix))
	}
	return fmt.Sprintf("%+v", e)
}

// oursToUse tells whether n is the wanted network, and refuses when n is another one that has its name, its UUID or
// its bridge.
func oursToUse(n *libvirt.Network, want libvirtxml.Network) (bool, error) {
	uuid, err := n.GetUUIDString()
	if err != nil {
		return false, err
	}
	name, err := n.GetName()
	if err != nil {
		return false, err
	}
	// It fails for networks that have no bridge.
	bridge, _ := n.GetBridgeName()
	switch {
	case uuid == want.UUID && name == want.Name:
		return true, nil
	case name == want.Name:
		return false, notOurs("remove it: virsh net-undefine "+name, "network %q %w (it has uuid %s)", name, uuid)
	case uuid == want.UUID:
		return false, fault.New(fault.Exists, "remove it: virsh net-undefine "+name,
			"network uuid %s %w (the network is named %q)", uuid, provisioner.ErrNotOurs, name)
	case bridge == want.Bridge.Name:
		return false, notOurs("remove it: virsh net-undefine "+name, "bridge %q %w (it is that of network %q)", bridge, name)
	}
	return false, nil
}

func notOurs(remedy, format, object, detail string) error {
	return fault.New(fault.Exists, remedy, format, object, provisioner.ErrNotOurs, detail)
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
