package libvirt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/network"
)

// CheckNetwork implements provisioner.Hypervisor.
func (h *Host) CheckNetwork(ctx context.Context, xml string) error {
	want, err := readNetwork(xml)
	if err != nil {
		return err
	}
	_, err = wait(ctx, h, fmt.Sprintf("look at network %q", want.Name), func(c *libvirt.Connect) (none, error) {
		_, err := owned(c, want)
		return none{}, err
	})
	return err
}

func readNetwork(xml string) (want libvirtxml.Network, err error) {
	if err := want.Unmarshal(xml); err != nil {
		return want, fmt.Errorf("make a network: its XML cannot be read: %w", err)
	}
	if want.Name == "" || want.UUID == "" || want.Bridge == nil || want.Bridge.Name == "" {
		return want, fault.New(fault.Usage, "", "network %q is not complete: its XML needs a name, a uuid and a bridge", want.Name)
	}
	want.UUID = strings.ToLower(want.UUID)
	return want, nil
}

// owned returns the wanted network as libvirt has it, nil when it has none, and refuses when somebody else has a part of it. When
// it is there with its bridge, nobody else's has that: libvirt sees to it, and no other network is looked at.
func owned(c *libvirt.Connect, want libvirtxml.Network) (*libvirtxml.Network, error) {
	got, err := byUUID(c, want.UUID)
	if err != nil {
		return nil, err
	}
	if got != nil {
		if err := sameOwner(*got, want); err != nil {
			return nil, err
		}
		if got.Bridge != nil && got.Bridge.Name == want.Bridge.Name {
			return got, nil
		}
	}
	return got, unclaimed(c, want)
}

func byUUID(c *libvirt.Connect, uuid string) (*libvirtxml.Network, error) {
	n, err := c.LookupNetworkByUUIDString(uuid)
	if isCode(err, libvirt.ERR_NO_NETWORK) {
		return nil, nil // there is none
	}
	if err != nil {
		return nil, err
	}
	defer n.Free() //nolint:errcheck // frees memory, cannot fail
	return described(n)
}

// described is a network as it will be from its next start on: that is where a note of the owner shows first.
func described(n *libvirt.Network) (*libvirtxml.Network, error) {
	text, err := n.GetXMLDesc(libvirt.NETWORK_XML_INACTIVE)
	if isCode(err, libvirt.ERR_INVALID_ARG) {
		text, err = n.GetXMLDesc(0) // a driver that knows one state only
	}
	if err != nil {
		return nil, err
	}
	got := &libvirtxml.Network{}
	if err := got.Unmarshal(text); err != nil {
		return nil, fmt.Errorf("a network as libvirt has it: %w", err)
	}
	return got, nil
}

func owner(n *libvirtxml.Network) network.Owner {
	if n.Metadata == nil {
		return network.Owner{}
	}
	return network.OwnerOf(n.Metadata.XML)
}

// sameOwner refuses a network of the wanted UUID that has another name, or that another state directory made which is there still.
func sameOwner(got, want libvirtxml.Network) error {
	if got.Name != want.Name {
		return fault.New(fault.ForeignObject, "remove it: virsh net-undefine "+got.Name,
			"network uuid %s %w (the network is named %q)", want.UUID, hypervisor.ErrNotOurs, got.Name)
	}
	its, mine := owner(&got).State, owner(&want).State
	if its == "" || mine == "" || its == mine {
		return nil
	}
	if _, err := os.Stat(its); errors.Is(err, fs.ErrNotExist) {
		return nil // it was moved here, or is no more
	}
	return notOurs("give this state directory another one: holm host set --network NAME --subnet CIDR",
		"network %q %w: it is that of state directory %s", got.Name, its)
}

// unclaimed refuses when another network has the wanted one's name or bridge.
func unclaimed(c *libvirt.Connect, want libvirtxml.Network) error {
	networks, err := c.ListAllNetworks(0)
	if err != nil {
		return err
	}
	for i := range networks {
		if err == nil {
			err = claims(&networks[i], want)
		}
		_ = networks[i].Free()
	}
	return err
}

func claims(n *libvirt.Network, want libvirtxml.Network) error {
	uuid, err := n.GetUUIDString()
	if err != nil || uuid == want.UUID {
		return err
	}
	name, err := n.GetName()
	if err != nil {
		return err
	}
	bridge, _ := n.GetBridgeName() // it fails for networks that have none
	switch {
	case name == want.Name:
		return notOurs("remove it: virsh net-undefine "+name, "network %q %w (it has uuid %s)", name, uuid)
	case bridge != want.Bridge.Name:
		return nil
	}
	remedy := "remove it: virsh net-undefine " + name
	if got, err := described(n); err == nil && owner(got).Holm {
		remedy = "make one of the two tenants anew: holm tenant rm NAME, and holm tenant create NAME"
	}
	return notOurs(remedy, "bridge %q %w (it is that of network %q)", bridge, name)
}
