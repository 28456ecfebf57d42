// Package bounds holds a running QEMU to a number of open files and of threads, so that one that was taken over cannot take
// those of the host. Libvirt sets such limits for all domains of a host or for none; here they are each process's own, and
// work whether the host has control groups or not.
package bounds

import (
	"fmt"

	"golang.org/x/sys/unix"

	"holm/provisioner/emulator"
	"holm/provisioner/uids"
)

// What a QEMU may have.
const (
	// Files it may have open: disks, sockets, and a few for each queue of each device. It takes some dozens.
	Files = 4096
	// Threads that the kernel lets its user have when it starts one more. A tenant's instances share a user, and with it
	// this number. One takes some thirteen: it is enough for a thousand of them, and half of what a kernel counts up to by
	// itself.
	Threads = 16384
)

// System is this host.
type System struct{ Emulators emulator.Place }

// Here is the host that this program runs on.
func Here() System { return System{emulator.Here()} }

// Hold sets the limits of the QEMU of a domain that runs as a user, by the domain's name and UUID and libvirt's XML of it as it runs.
// None is raised.
func (s System) Hold(domain, uuid, live string, uid int) error {
	p, err := s.Emulators.Find(domain, uuid, live)
	if err != nil {
		return fmt.Errorf("bound the QEMU of %s: %w", domain, err)
	}
	defer p.Close()
	if err := p.Do(func(pid int) error { return hold(pid, uid) }); err != nil {
		return fmt.Errorf("bound the QEMU of %s (process %d): %w", domain, p.PID, err)
	}
	return nil
}

// hold does it as the user: the kernel then lets it lower nobody else's, whatever has become of the number, and it takes no
// capability, which root in a container often lacks.
func hold(pid, uid int) error {
	return uids.As(uid, func() error { return lower(pid) })
}

func lower(pid int) error {
	for _, one := range []struct {
		what     int
		most     uint64
		resource string
	}{
		{unix.RLIMIT_NOFILE, Files, "open files"},
		{unix.RLIMIT_NPROC, Threads, "threads"},
	} {
		var has unix.Rlimit
		err := unix.Prlimit(pid, one.what, nil, &has)
		if err == nil && has.Max > one.most {
			err = unix.Prlimit(pid, one.what, &unix.Rlimit{Cur: min(has.Cur, one.most), Max: one.most}, nil)
		}
		if err != nil {
			return fmt.Errorf("its %s: %w", one.resource, err)
		}
	}
	return nil
}
