package libvirt

import (
	"context"
	"fmt"

	"libvirt.org/go/libvirt"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

// ResizeDisk implements provisioner.Hypervisor. QEMU would shrink a disk as readily as grow it, therefore it is asked for
// the size first.
func (h *Host) ResizeDisk(ctx context.Context, uuid, target string, bytes uint64) error {
	what := fmt.Sprintf("resize disk %q of domain %s", target, uuid)
	_, err := wait(ctx, h, what, func(c *libvirt.Connect) (none, error) {
		return withDomain(c, uuid, func(dom *libvirt.Domain) error {
			if active, err := dom.IsActive(); err != nil {
				return err
			} else if !active {
				return errNotRunning
			}
			info, err := dom.GetBlockInfo(target, 0)
			if err != nil {
				return err
			}
			if info.Capacity > bytes {
				return fault.New(fault.Usage, "", "%s: it has %d bytes, and does not shrink to %d", what, info.Capacity, bytes)
			}
			// Also when it has that size: QEMU may have been told of it, and its guest not.
			return dom.BlockResize(target, bytes, libvirt.DOMAIN_BLOCK_RESIZE_BYTES)
		})
	})
	return err
}

// DiskErrors implements provisioner.Hypervisor. QEMU forgets an error on resume only of disks that its monitor named.
func (h *Host) DiskErrors(ctx context.Context, uuid string) (map[string]string, error) {
	return wait(ctx, h, "ask which disks of domain "+uuid+" have failed", func(c *libvirt.Connect) (map[string]string, error) {
		failed := map[string]string{}
		_, err := withDomain(c, uuid, func(dom *libvirt.Domain) error {
			if active, err := dom.IsActive(); err != nil {
				return err
			} else if !active {
				return errNotRunning
			}
			all, err := dom.GetDiskErrors(0)
			for _, e := range all {
				switch e.Error {
				case libvirt.DOMAIN_DISK_ERROR_NONE:
				case libvirt.DOMAIN_DISK_ERROR_NO_SPACE:
					failed[e.Disk] = hypervisor.DiskFull
				default:
					failed[e.Disk] = "I/O error"
				}
			}
			return err
		})
		return failed, err
	})
}

// Resume implements provisioner.Hypervisor.
func (h *Host) Resume(ctx context.Context, uuid string) error {
	_, err := wait(ctx, h, "resume domain "+uuid, func(c *libvirt.Connect) (none, error) {
		return withDomain(c, uuid, func(dom *libvirt.Domain) error {
			state, reason, err := dom.GetState()
			if err != nil {
				return err
			}
			switch stateOf(state, reason) {
			case hypervisor.Running:
				return nil
			case hypervisor.Paused, hypervisor.Stalled:
				return dom.Resume()
			default:
				return errNotRunning
			}
		})
	})
	return err
}
