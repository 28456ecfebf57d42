package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/hypervisor"
)

// Stats are the counters of a domain.
func Stats(s hypervisor.Stats) v1.Stats {
	return v1.Stats{
		State: string(s.State), CPUTimeNS: s.CPUTimeNS, VCPUs: s.VCPUs, MemoryBytes: s.MemoryBytes, RSSBytes: s.RSSBytes,
		Disks: list(s.Disks, func(d hypervisor.DiskStats) v1.DiskStats {
			return v1.DiskStats{
				Target: d.Target, Node: d.Node, ReadOnly: d.ReadOnly, Format: d.Format, ReadBytes: d.ReadBytes, ReadRequests: d.ReadRequests,
				WriteBytes: d.WriteBytes, WriteRequests: d.WriteRequests, CapacityBytes: d.CapacityBytes, AllocatedBytes: d.AllocatedBytes,
			}
		}),
		NICs: list(s.NICs, func(n hypervisor.NICStats) v1.NICStats {
			return v1.NICStats{Device: n.Device, RxBytes: n.RxBytes, RxPackets: n.RxPackets, TxBytes: n.TxBytes, TxPackets: n.TxPackets}
		}),
	}
}
