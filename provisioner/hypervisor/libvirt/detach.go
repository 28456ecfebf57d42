package libvirt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"libvirt.org/go/libvirt"
	"libvirt.org/go/libvirtxml"
)

// DetachDisk implements provisioner.Hypervisor. Live is true when no running guest has the disk any more, so also for
// a domain that is off or a disk that was detached before. A guest that does not let go before ctx ends is no error.
func (h *Host) DetachDisk(ctx context.Context, uuid, target string) (live bool, err error) {
	what := fmt.Sprintf("detach disk %q of domain %s", target, uuid)
	running, err := call(ctx, h, what, func(c *libvirt.Connect) (running bool, err error) {
		_, err = withDomain(c, uuid, func(dom *libvirt.Domain) error {
			running, err = detachFromConfig(dom, target)
			return err
		})
		return running, err
	})
	if err != nil || !running {
		return err == nil, err
	}
	live, err = h.unplug(ctx, what, uuid, target)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return live, err
}

// detachFromConfig takes the disk out of the definition, and tells whether the domain runs.
func detachFromConfig(dom *libvirt.Domain, target string) (running bool, err error) {
	running, err = dom.IsActive()
	if err != nil {
		return running, err
	}
	if persistent, err := dom.IsPersistent(); err != nil || !persistent {
		return running, err
	}
	disk, err := findDisk(dom, target, libvirt.DOMAIN_XML_INACTIVE)
	if err != nil || disk == nil {
		return running, err
	}
	return running, detach(dom, disk, libvirt.DOMAIN_DEVICE_MODIFY_CONFIG)
}

// unplug asks the guest to let go of the disk, and waits until it has, has refused, has stopped, or ctx ends.
func (h *Host) unplug(ctx context.Context, what, uuid, target string) (bool, error) {
	sub, end := h.hub.subscribe(uuid)
	defer end()
	alias, err := wait(ctx, h, what, func(c *libvirt.Connect) (alias string, err error) {
		_, err = unlessAbsent(withDomain(c, uuid, func(dom *libvirt.Domain) error {
			disk, err := findDisk(dom, target, 0)
			if err != nil || disk == nil {
				return err
			}
			if disk.Alias != nil {
				alias = disk.Alias.Name
			}
			return unlessOff(dom, unlessUnderWay(detach(dom, disk, libvirt.DOMAIN_DEVICE_MODIFY_LIVE)))
		}))
		return alias, err
	})
	if err != nil {
		return false, err
	}
	for {
		gone, err := call(ctx, h, what, func(c *libvirt.Connect) (bool, error) { return diskGone(c, uuid, target) })
		if err != nil || gone {
			return gone, err
		}
		// Whatever happened, the running domain's own list of disks is what counts.
		select {
		case <-sub.ready:
			if slices.ContainsFunc(sub.take(), func(n notice) bool { return n.refused && n.device == alias }) {
				return false, nil
			}
		case <-ctx.Done():
			return false, nil
		case <-h.lost.Done():
			return false, unreachable(h.uri, errors.New("the connection was lost"))
		}
	}
}

func diskGone(c *libvirt.Connect, uuid, target string) (gone bool, err error) {
	_, err = withDomain(c, uuid, func(dom *libvirt.Domain) error {
		if active, err := dom.IsActive(); err != nil || !active {
			gone = !active
			return err
		}
		disk, err := findDisk(dom, target, 0)
		gone = disk == nil
		return err
	})
	if isCode(err, libvirt.ERR_NO_DOMAIN) {
		return true, nil
	}
	return gone && err == nil, err
}

// findDisk returns the disk of that target, or nil.
func findDisk(dom *libvirt.Domain, target string, flags libvirt.DomainXMLFlags) (*libvirtxml.DomainDisk, error) {
	devices, err := devicesOf(dom, flags)
	if err != nil {
		return nil, err
	}
	for i := range devices.Disks {
		if t := devices.Disks[i].Target; t != nil && t.Dev == target {
			return &devices.Disks[i], nil
		}
	}
	return nil, nil // there is no such disk, and that is an answer
}

func devicesOf(dom *libvirt.Domain, flags libvirt.DomainXMLFlags) (*libvirtxml.DomainDeviceList, error) {
	text, err := dom.GetXMLDesc(flags)
	if err != nil {
		return nil, err
	}
	var d libvirtxml.Domain
	if err := d.Unmarshal(text); err != nil {
		return nil, fmt.Errorf("libvirt's own XML cannot be read: %w", err)
	}
	if d.Devices == nil {
		return &libvirtxml.DomainDeviceList{}, nil
	}
	return d.Devices, nil
}

// detach names the disk to libvirt by its target and file alone: what libvirtxml does not know of it is not lost,
// because nothing is written back.
func detach(dom *libvirt.Domain, disk *libvirtxml.DomainDisk, where libvirt.DomainDeviceModifyFlags) error {
	named := libvirtxml.DomainDisk{Device: disk.Device, Target: disk.Target}
	if disk.Source != nil && disk.Source.File != nil {
		named.Source = &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: disk.Source.File.File}}
	}
	text, err := named.Marshal()
	if err != nil {
		return err
	}
	return dom.DetachDeviceFlags(text, where)
}

// unlessUnderWay forgives a second request: QEMU has asked the guest already, and the answer is still to come. There is no code for
// it. These words are QEMU's, which has no other language, and stand in libvirt's message whatever libvirt's is.
func unlessUnderWay(err error) error {
	if lv, ok := errors.AsType[libvirt.Error](err); ok && strings.Contains(lv.Message, "in the process of unplug") {
		return nil
	}
	return err
}
