// Package machine turns what an instance is into the libvirt domain that runs it: a typed, minimal machine with one
// file a device. It knows libvirt's XML and nothing of libvirt itself; what it renders it parses back and compares, so
// that no value can become a device, an attribute or a path that nobody asked for.
package machine

import (
	"fmt"
	"net/netip"

	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// The two ways in which a guest's instructions are carried out.
const (
	KVM = "kvm"
	TCG = "tcg" // emulation: no isolation boundary
)

// Spec is one machine. All paths are absolute and clean; nothing of it is learnt from the guest.
type Spec struct {
	Name       string // of the libvirt domain, "holm.<tenant>.<name>"
	UUID       string // of the libvirt domain
	InstanceID string
	Tenant     string

	// UID is the host's user, and group, that QEMU runs as; 0 leaves it to libvirt, which has one for all.
	UID int

	Accel     string // KVM or TCG
	Machine   string // versioned q35 machine type, "pc-q35-7.2"
	VCPUs     int
	MemoryMiB int
	Limits    model.Limits

	Kernel  string
	Initrd  string
	Cmdline string

	RootDisk  string // raw, shared by all instances of the image, read-only
	StateDisk Disk   // the only writable disk
	Seed      string // raw, read-only; "" when there is none

	Network  string // name of the libvirt network
	Filter   string // name of libvirt's network filter, which the addresses are given to
	Internal bool   // the network lets its instances speak to each other
	MAC      string
	Address  netip.Addr // IPv4
	Address6 netip.Addr // IPv6; zero when it has none

	ConsoleLog string // what the guest writes to its serial console is appended here
}

// Disk is how a writable disk is opened.
type Disk struct {
	Path   string
	Format string // Qcow2 or Raw
	Block  bool   // a block device, not a file
	// Buffered is for a file that has to go through the host's page cache.
	Buffered bool
	// Secret is the UUID of libvirt's secret that opens it; "" when it is not encrypted.
	Secret string
}

// The formats of a disk.
const (
	Qcow2 = "qcow2"
	Raw   = "raw"
)

// Domain validates s and renders it as the XML of a libvirt domain. Its errors are faults of kind Usage that name the
// field and the value.
func Domain(s Spec) (string, error) {
	if err := s.validate(); err != nil {
		return "", err
	}
	d, err := domain(s)
	if err != nil {
		return "", err
	}
	text, err := d.Marshal()
	if err != nil {
		return "", fmt.Errorf("render domain %q: %w", s.Name, err)
	}
	if err := sameAfterParsing(text); err != nil {
		return "", fault.New(fault.Failure, "", "domain %q is not what it was rendered from: %w", s.Name, err)
	}
	return text, nil
}

func domain(s Spec) (*libvirtxml.Domain, error) {
	meta, err := metadata(s)
	if err != nil {
		return nil, err
	}
	return &libvirtxml.Domain{
		Type:          domainType(s.Accel),
		Name:          s.Name,
		UUID:          s.UUID,
		Metadata:      meta,
		Memory:        memory(s.MemoryMiB),
		MemoryBacking: unshared(),
		VCPU:          vcpus(s),
		IOThreads:     stateIOThreads,
		CPUTune:       cpuTune(s.Limits),
		OS:            boot(s),
		Features:      features(),
		CPU:           cpu(s.Accel),
		Clock:         clock(s.Accel),
		OnPoweroff:    "destroy",
		OnReboot:      "restart",
		OnCrash:       "destroy",
		PM:            noSuspend(),
		SecLabel:      labels(s.UID),
		Devices: &libvirtxml.DomainDeviceList{
			Disks:       disks(s),
			Controllers: noUSB(),
			Interfaces:  []libvirtxml.DomainInterface{nic(s)},
			Serials:     []libvirtxml.DomainSerial{serial(s.ConsoleLog)},
			Channels:    []libvirtxml.DomainChannel{reportChannel(), readyPort()},
			MemBalloon:  noBalloon(),
			RNGs:        []libvirtxml.DomainRNG{rng()},
			Panics:      []libvirtxml.DomainPanic{panicNotifier()},
		},
	}, nil
}

// sameAfterParsing reads rendered XML as libvirt would and renders it again: a difference means that a value changed
// its meaning on the way.
func sameAfterParsing(text string) error {
	var parsed libvirtxml.Domain
	if err := parsed.Unmarshal(text); err != nil {
		return fmt.Errorf("parse it back: %w", err)
	}
	again, err := parsed.Marshal()
	if err != nil {
		return fmt.Errorf("render it again: %w", err)
	}
	if again != text {
		return fmt.Errorf("parsed back it has %d bytes instead of %d", len(again), len(text))
	}
	return nil
}
