package machine

import "libvirt.org/go/libvirtxml"

// The disks of an instance, by the name under which the hypervisor knows them.
const (
	RootTarget  = "vda"
	StateTarget = "vdb"
	SeedTarget  = "vdc"
)

// The serial numbers that the guest finds its disks by (/dev/disk/by-id/virtio-<serial>).
const (
	RootSerial  = "holm-root"
	StateSerial = "holm-state"
	SeedSerial  = "holm-seed"
)

// disks are all virtio-blk, each on a PCIe root port of its own (libvirt adds them), so that the seed can be unplugged.
func disks(s Spec) []libvirtxml.DomainDisk {
	list := []libvirtxml.DomainDisk{rootDisk(s), stateDisk(s)}
	if s.Seed != "" {
		list = append(list, seedDisk(s.Seed))
	}
	return list
}

// rootDisk is one file for all instances of an image. Libvirt must not give it to the QEMU of one of them, therefore
// no relabelling: the file has to be readable for QEMU's user as it is. The host's page cache stays on, which is what
// makes the second instance of an image boot from memory.
func rootDisk(s Spec) libvirtxml.DomainDisk {
	d := disk(s.RootDisk, RootTarget, RootSerial)
	d.Driver = &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw", Cache: "writeback"}
	if s.UID == 0 { // else libvirt gives away nothing at all, and refuses to be told so twice
		d.Source.File.SecLabel = []libvirtxml.DomainDeviceSecLabel{{Model: "dac", Relabel: "no"}}
	}
	d.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	return d
}

// The thread of QEMU that the state disk has for itself, and the most queues through which a guest's vCPUs feed it.
const (
	stateIOThreads = 1
	maxQueues      = 4
)

// stateDisk goes past the host's page cache, unless its file system cannot have that, and gives back what the guest trims or
// zeroes. A guest whose volume finds no space is paused, to go on when there is some: with an error instead, its file system
// would turn read-only or lose what it had promised. The numbers behind the thread, the queues and the kind of I/O are in
// docs/STORAGE.md.
func stateDisk(s Spec) libvirtxml.DomainDisk {
	d := disk(s.StateDisk.Path, StateTarget, StateSerial)
	if s.StateDisk.Block {
		d.Source = &libvirtxml.DomainDiskSource{Block: &libvirtxml.DomainDiskSourceBlock{Dev: s.StateDisk.Path}}
	}
	if s.StateDisk.Secret != "" {
		// LUKS is QEMU's work, in the disk's own thread. Within a qcow2 file it leaves trimming as it is.
		d.Source.Encryption = &libvirtxml.DomainDiskEncryption{
			Format: "luks", Secrets: []libvirtxml.DomainDiskSecret{{Type: "passphrase", UUID: s.StateDisk.Secret}},
		}
	}
	cache, io := "none", "native"
	if s.StateDisk.Buffered {
		cache, io = "writeback", "threads"
	}
	d.Driver = &libvirtxml.DomainDiskDriver{
		Name: "qemu", Type: s.StateDisk.Format, Cache: cache, ErrorPolicy: "enospace", IO: io,
		Discard: "unmap", DetectZeros: "unmap", IOThread: new(uint(stateIOThreads)), Queues: new(uint(min(s.VCPUs, maxQueues))),
	}
	d.IOTune = ioTune(s.Limits)
	return d
}

func seedDisk(path string) libvirtxml.DomainDisk {
	d := disk(path, SeedTarget, SeedSerial)
	d.Driver = &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw"}
	d.ReadOnly = &libvirtxml.DomainDiskReadOnly{}
	return d
}

// disk references its file by path: a disk of type volume gets no AppArmor rule on Debian 12. That there is nothing behind the file is
// said: else libvirt, and what makes AppArmor's profile, look into it for what that might be, and a guest's QEMU can write there.
func disk(path, target, serial string) libvirtxml.DomainDisk {
	return libvirtxml.DomainDisk{
		Device:       "disk",
		Source:       &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: path}},
		BackingStore: &libvirtxml.DomainDiskBackingStore{},
		Target:       &libvirtxml.DomainDiskTarget{Dev: target, Bus: "virtio"},
		Serial:       serial,
	}
}
