package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/model"
)

// FlavorList is any number of flavors.
func FlavorList(all []model.Flavor) v1.FlavorList { return v1.FlavorList{Flavors: list(all, Flavor)} }

// Flavor is one.
func Flavor(f model.Flavor) v1.Flavor {
	return v1.Flavor{
		Name: f.Name, VCPUs: f.VCPUs, MemoryMiB: f.MemoryMiB, DiskGiB: f.DiskGiB,
		Limits: v1.Limits{
			CPUWeight: f.Limits.CPUWeight, CPUPercent: f.Limits.CPUPercent, IOPS: f.Limits.IOPS, IOPSBurst: f.Limits.IOPSBurst,
			MBps: f.Limits.MBps, MBpsBurst: f.Limits.MBpsBurst, BurstSeconds: f.Limits.BurstSeconds, NetMbit: f.Limits.NetMbit,
		},
	}
}
