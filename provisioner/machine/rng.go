package machine

import "libvirt.org/go/libvirtxml"

// A guest seeds its own generator with a few hundred bytes; the limit keeps one tenant from burning the host's CPU.
const (
	rngBytes    = 64 << 10
	rngPeriodMS = 1000
)

func rng() libvirtxml.DomainRNG {
	return libvirtxml.DomainRNG{
		Model:   "virtio",
		Rate:    &libvirtxml.DomainRNGRate{Bytes: rngBytes, Period: rngPeriodMS},
		Backend: &libvirtxml.DomainRNGBackend{Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"}},
	}
}
