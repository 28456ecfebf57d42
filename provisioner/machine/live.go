package machine

import (
	"fmt"

	"libvirt.org/go/libvirtxml"
)

// Live is what libvirt says of a running domain, as far as somebody has to look behind it.
type Live struct {
	ID       int // of this run of the domain; libvirt's cgroups bear it
	KVM      bool
	Emulator string
	Kernel   string
	Initrd   string
	Disks    map[string]string // target → file or block device
	Sockets  []string          // of its channels
	Open     []string          // channels of which the guest has the port open, by name
	Cards    []Card
}

// Card is a network card: where its traffic comes out on the host.
type Card struct {
	Tap      string
	Bridge   string
	Isolated bool // asked for: whether it is so, the kernel knows
}

// ReadLive reads the XML of a running domain. What is missing in it is zero; the ID is then -1.
func ReadLive(text string) (Live, error) {
	if len(text) > maxLive {
		return Live{}, fmt.Errorf("read the live domain: it has more than %d KiB", maxLive>>10)
	}
	var d libvirtxml.Domain
	if err := d.Unmarshal(text); err != nil {
		return Live{}, fmt.Errorf("read the live domain: %w", err)
	}
	live := Live{ID: -1, KVM: d.Type == "kvm", Disks: map[string]string{}}
	if d.ID != nil {
		live.ID = *d.ID
	}
	if d.OS != nil {
		live.Kernel, live.Initrd = d.OS.Kernel, d.OS.Initrd
	}
	if d.Devices == nil {
		return live, nil
	}
	live.Emulator = d.Devices.Emulator
	for _, channel := range d.Devices.Channels {
		if s := channel.Source; s != nil && s.UNIX != nil && s.UNIX.Path != "" {
			live.Sockets = append(live.Sockets, s.UNIX.Path)
		}
		if t := channel.Target; t != nil && t.VirtIO != nil && t.VirtIO.State == "connected" {
			live.Open = append(live.Open, t.VirtIO.Name)
		}
	}
	for _, disk := range d.Devices.Disks {
		if disk.Target == nil {
			continue
		}
		live.Disks[disk.Target.Dev] = sourceOf(disk)
	}
	for _, nic := range d.Devices.Interfaces {
		live.Cards = append(live.Cards, cardOf(nic))
	}
	return live, nil
}

func cardOf(nic libvirtxml.DomainInterface) Card {
	c := Card{Isolated: nic.PortOptions != nil && nic.PortOptions.Isolated == "yes"}
	if nic.Target != nil {
		c.Tap = nic.Target.Dev
	}
	if nic.Source != nil && nic.Source.Network != nil {
		c.Bridge = nic.Source.Network.Bridge
	}
	return c
}

func sourceOf(disk libvirtxml.DomainDisk) string {
	switch {
	case disk.Source == nil:
		return ""
	case disk.Source.File != nil:
		return disk.Source.File.File
	case disk.Source.Block != nil:
		return disk.Source.Block.Dev
	}
	return ""
}
