package libvirt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/digitalocean/go-qemu/qemu"
	"github.com/digitalocean/go-qemu/qmp"
	"libvirt.org/go/libvirt"

	"holm/provisioner/hypervisor"
)

// maxReply bounds what is parsed of a monitor's answer: QEMU is the process that a guest would break into.
const maxReply = 4 << 20

// monitor carries QMP over libvirt, which owns the socket: go-qemu's own socket monitor mixes up answers and events.
// It belongs to one question and ends with its context.
type monitor struct {
	ctx  context.Context // go-qemu's interface has no other place for a deadline
	h    *Host
	uuid string
}

var _ qmp.Monitor = monitor{}

// Connect implements qmp.Monitor; libvirt is connected already.
func (monitor) Connect() error { return nil }

// Disconnect implements qmp.Monitor.
func (monitor) Disconnect() error { return nil }

// Events implements qmp.Monitor. Events come by Watch.
func (monitor) Events(context.Context) (<-chan qmp.Event, error) {
	return nil, qmp.ErrEventsNotSupported
}

// Run implements qmp.Monitor.
func (m monitor) Run(command []byte) ([]byte, error) {
	reply, err := wait(m.ctx, m.h, "ask QEMU of domain "+m.uuid, func(c *libvirt.Connect) (reply string, err error) {
		_, err = withDomain(c, m.uuid, func(dom *libvirt.Domain) error {
			reply, err = dom.QemuMonitorCommand(string(command), libvirt.DOMAIN_QEMU_MONITOR_COMMAND_DEFAULT)
			return err
		})
		return reply, err
	})
	if err != nil {
		return nil, err
	}
	if len(reply) > maxReply {
		return nil, fmt.Errorf("ask QEMU of domain %s: the answer has %d bytes, more than %d", m.uuid, len(reply), maxReply)
	}
	return []byte(reply), nil
}

// blockDevice is go-qemu's, and the one field that it lacks: since libvirt names block devices by node, QEMU leaves
// "device" empty and says only by the device's place in its tree which one it is.
type blockDevice struct {
	qemu.BlockDevice
	Qdev string `json:"qdev"`
}

// askQEMU completes the stats from the monitor, if this driver has one.
func (h *Host) askQEMU(ctx context.Context, uuid string, stats *hypervisor.Stats) error {
	ctx, cancel := context.WithTimeout(ctx, statsPatience)
	defer cancel()
	q, err := qemu.NewDomain(monitor{ctx, h, uuid}, uuid)
	if err != nil {
		return fmt.Errorf("ask QEMU of domain %s: %w", uuid, err)
	}
	defer q.Close() //nolint:errcheck // the monitor has nothing to close
	status, err := q.Status()
	if errors.Is(err, hypervisor.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	stats.State = refine(stats.State, status)
	reply, err := q.Run(qmp.Command{Execute: "query-block"})
	if err != nil {
		return err
	}
	aliases, err := h.aliases(ctx, uuid)
	if err != nil {
		return err
	}
	return addImages(stats.Disks, reply, aliases)
}

// refine: QEMU stops a guest whose disk fails or whose kernel panicked, and libvirt calls both "paused".
func refine(state hypervisor.State, status qemu.Status) hypervisor.State {
	switch status { // in all others libvirt knows as much
	case qemu.StatusGuestPanicked, qemu.StatusInternalError:
		return hypervisor.Crashed
	case qemu.StatusIOError:
		return hypervisor.Stalled
	case qemu.StatusPaused:
		return hypervisor.Paused
	}
	return state
}

// aliases returns the targets of the running domain's disks by the alias under which QEMU knows them.
func (h *Host) aliases(ctx context.Context, uuid string) (map[string]string, error) {
	return call(ctx, h, "list the disks of domain "+uuid, func(c *libvirt.Connect) (map[string]string, error) {
		targets := map[string]string{}
		_, err := withDomain(c, uuid, func(dom *libvirt.Domain) error {
			devices, err := devicesOf(dom, 0)
			if err != nil {
				return err
			}
			for _, d := range devices.Disks {
				if d.Alias != nil && d.Target != nil {
					targets[d.Alias.Name] = d.Target.Dev
				}
			}
			return nil
		})
		return targets, err
	})
}

// addImages fills in what QEMU says of each disk's image. The reply is not trusted to be of any shape.
func addImages(disks []hypervisor.DiskStats, reply []byte, aliases map[string]string) error {
	var answer struct {
		Return []blockDevice `json:"return"`
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		return fmt.Errorf("QEMU's answer to query-block cannot be read: %w", err)
	}
	images := map[string]qemu.BlockDevice{}
	for _, b := range answer.Return {
		// "/machine/peripheral/virtio-disk0/virtio-backend"
		images[aliases[path.Base(path.Dir(b.Qdev))]] = b.BlockDevice
	}
	for i := range disks {
		d := &disks[i]
		b, known := images[d.Target]
		if !known || d.Target == "" {
			continue
		}
		d.Node = b.Inserted.NodeName
		d.ReadOnly = b.Inserted.ReadOnly
		d.Format = b.Inserted.Driver
		d.CapacityBytes = b.Inserted.Image.VirtualSize
		d.AllocatedBytes = b.Inserted.Image.ActualSize
	}
	return nil
}
