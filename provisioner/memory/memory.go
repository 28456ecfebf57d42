// Package memory is the rule by which a host's memory is promised to instances. It measures nothing and stores nothing.
package memory

import (
	"holm/internal/fault"
	"holm/provisioner/model"
)

// PerGuest is what a QEMU takes for itself beside what its guest was given, in MiB.
const PerGuest = 128

// MaxOvercommit is the most that an operator may set.
const MaxOvercommit = 16

// Host is what there is, and what the operator has set. All sizes are in MiB.
type Host struct {
	Total      int
	Reserved   int     // kept for the host itself; 0 is DefaultReserve
	Overcommit float64 // how many times the rest may be promised; below 1 it is 1
}

// Of is the host as it is set, with so much memory.
func Of(set model.Host, total int) Host {
	return Host{Total: total, Reserved: set.MemoryReserveMiB, Overcommit: set.MemoryOvercommit}
}

// DefaultReserve is 1 GiB or a twentieth, whichever is more, and never more than a quarter.
func DefaultReserve(total int) int { return min(max(1<<10, total/20), total/4) }

// Reserve is what is kept for the host itself.
func (h Host) Reserve() int {
	if h.Reserved > 0 {
		return h.Reserved
	}
	return DefaultReserve(h.Total)
}

// Limit is how much may be promised.
func (h Host) Limit() int {
	return int(float64(max(0, h.Total-h.Reserve())) * max(h.Overcommit, 1))
}

// Needs is what an instance takes of the host.
func Needs(inst model.Instance) int { return inst.Flavor.MemoryMiB + PerGuest }

// Promised is what instances were promised together. A stopped one counts: it is to start when its owner wants it.
func Promised(all []model.Instance) (sum int) {
	for _, inst := range all {
		sum += Needs(inst)
	}
	return sum
}

// Promise refuses an instance for which the host has too little left, given all the others.
func (h Host) Promise(others []model.Instance, inst model.Instance) error {
	promised, asked, limit := Promised(others), Needs(inst), h.Limit()
	if promised+asked <= limit {
		return nil
	}
	return fault.New(fault.HostMemoryPromised,
		"ask for less: --memory SIZE      or promise more than there is: holm host set --memory-overcommit FACTOR",
		"this host has promised %d of the %d MiB of memory that it may: %d MiB, of which %d are QEMU's own, are too much",
		fault.Used(promised), fault.Limit(limit), fault.Asked(asked), PerGuest).With(fault.Unit("MiB"))
}
