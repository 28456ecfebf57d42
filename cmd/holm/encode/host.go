package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/model"
)

// Host is what is set for this machine, and what instances are told that say nothing themselves.
func Host(h model.Host, told environment.InForce) v1.Host {
	return v1.Host{
		LabMode: h.LabMode, Network: h.Network, Subnet: model.Text(h.Subnet), AddressPool: model.Text(h.AddressPool),
		Metadata: h.Metadata, Users: h.Users, Pool: h.Pool,
		MemoryReserveMiB: h.MemoryReserveMiB, MemoryOvercommit: h.MemoryOvercommit, Site: h.Site, Jurisdiction: h.Jurisdiction,
		Environment: Environment(h.Environment), InForce: InForce(told),
	}
}

// HostReport is what the doctor says.
func HostReport(r doctor.Report) v1.HostReport {
	return v1.HostReport{
		Host: v1.HostFacts{
			Hostname: r.Host.Hostname, OS: r.Host.OS, Libvirt: r.Host.Libvirt, QEMU: r.Host.QEMU, CPUs: r.Host.CPUs, MemoryBytes: r.Host.MemoryBytes,
		},
		Lab: r.Lab, Results: list(r.Results, HostCheck),
	}
}

// HostCheck is what it says of one thing.
func HostCheck(r doctor.Result) v1.HostCheck {
	return v1.HostCheck{ID: r.ID, Status: string(r.Status), Found: r.Found, Remedy: r.Remedy}
}
