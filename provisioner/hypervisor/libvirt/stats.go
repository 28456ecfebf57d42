package libvirt

import (
	"context"
	"time"

	"libvirt.org/go/libvirt"

	"holm/provisioner/hypervisor"
)

// statsPatience bounds each of the two questions, to libvirt and to QEMU: somebody looks at the answer.
const statsPatience = 5 * time.Second

// Stats implements provisioner.Hypervisor. Libvirt counts; what a disk takes on the host, and whether QEMU really
// opened it read-only, is QEMU's own answer where the driver has a monitor. Of a domain that is off the state is told
// and all counters are zero.
func (h *Host) Stats(ctx context.Context, uuid string) (hypervisor.Stats, error) {
	what := "read the counters of domain " + uuid
	libvirtCtx, cancel := context.WithTimeout(ctx, statsPatience)
	defer cancel()
	stats, err := wait(libvirtCtx, h, what, func(c *libvirt.Connect) (stats hypervisor.Stats, err error) {
		_, err = withDomain(c, uuid, func(dom *libvirt.Domain) error {
			stats, err = countersOf(c, dom)
			return err
		})
		return stats, err
	})
	if err != nil || stats.State == hypervisor.Off || stats.State == hypervisor.Crashed {
		return stats, err
	}
	return stats, h.askQEMU(ctx, uuid, &stats)
}

func countersOf(c *libvirt.Connect, dom *libvirt.Domain) (hypervisor.Stats, error) {
	state, reason, err := dom.GetState()
	if err != nil {
		return hypervisor.Stats{}, err
	}
	stats := hypervisor.Stats{State: stateOf(state, reason)}
	if active, err := dom.IsActive(); err != nil || !active {
		return stats, err
	}
	if err := describeDevices(dom, &stats); err != nil {
		return stats, err
	}
	return stats, count(c, dom, &stats)
}

// describeDevices lists the disks and interfaces as they are defined in the running domain.
func describeDevices(dom *libvirt.Domain, stats *hypervisor.Stats) error {
	devices, err := devicesOf(dom, 0)
	if err != nil {
		return err
	}
	for _, d := range devices.Disks {
		disk := hypervisor.DiskStats{ReadOnly: d.ReadOnly != nil}
		if d.Target != nil {
			disk.Target = d.Target.Dev
		}
		if d.Driver != nil {
			disk.Format = d.Driver.Type
		}
		stats.Disks = append(stats.Disks, disk)
	}
	for _, n := range devices.Interfaces {
		if n.Target != nil {
			stats.NICs = append(stats.NICs, hypervisor.NICStats{Device: n.Target.Dev})
		}
	}
	return nil
}

const kib = 1024

// count asks twice: a driver may answer only some of what the second call is asked for.
func count(c *libvirt.Connect, dom *libvirt.Domain, stats *hypervisor.Stats) error {
	info, err := dom.GetInfo()
	if err != nil {
		return err
	}
	stats.CPUTimeNS, stats.VCPUs, stats.MemoryBytes = info.CpuTime, int(info.NrVirtCpu), info.Memory*kib
	const wanted = libvirt.DOMAIN_STATS_BALLOON | libvirt.DOMAIN_STATS_BLOCK | libvirt.DOMAIN_STATS_INTERFACE
	all, err := c.GetAllDomainStats([]*libvirt.Domain{dom}, wanted, 0)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Balloon != nil {
			stats.RSSBytes = s.Balloon.Rss * kib
		}
		for _, b := range s.Block {
			addBlock(stats.Disks, b)
		}
		for _, n := range s.Net {
			addNet(stats.NICs, n)
		}
		_ = s.Domain.Free()
	}
	return nil
}

func addBlock(disks []hypervisor.DiskStats, b libvirt.DomainStatsBlock) {
	for i := range disks {
		if d := &disks[i]; d.Target == b.Name {
			d.ReadBytes, d.ReadRequests = b.RdBytes, b.RdReqs
			d.WriteBytes, d.WriteRequests = b.WrBytes, b.WrReqs
			d.CapacityBytes, d.AllocatedBytes = b.Capacity, b.Allocation
		}
	}
}

func addNet(nics []hypervisor.NICStats, s libvirt.DomainStatsNet) {
	for i := range nics {
		if n := &nics[i]; n.Device == s.Name {
			n.RxBytes, n.RxPackets = s.RxBytes, s.RxPkts
			n.TxBytes, n.TxPackets = s.TxBytes, s.TxPkts
		}
	}
}
