// Package bounds holds a running QEMU to a number of open files and of threads, so that one that was taken over cannot take
// those of the host. Libvirt sets such limits for all domains of a host or for none; here they are each process's own, and
// work whether the host has control groups or not.
package bounds

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

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
type System struct {
	Proc string // "/proc"
	PIDs string // where libvirt keeps the process ids of its domains: "/run/libvirt/qemu"
}

// Here is the host that this program runs on.
func Here() System { return System{Proc: "/proc", PIDs: "/run/libvirt/qemu"} }

// Hold sets the limits of the QEMU of a domain that runs as a user, by the domain's name and UUID. None is raised.
func (s System) Hold(domain, uuid string, uid int) error {
	pid, err := s.find(domain, uuid)
	if err != nil {
		return fmt.Errorf("bound the QEMU of %s: %w", domain, err)
	}
	if err := hold(pid, uid); err != nil {
		return fmt.Errorf("bound the QEMU of %s (process %d): %w", domain, pid, err)
	}
	return nil
}

// hold does it as root, or else as the user. Lowering the limits of another user's process takes CAP_SYS_RESOURCE, which
// root in a container often lacks, and those of a process of one's own take nothing.
func hold(pid, uid int) error {
	err := lower(pid)
	if errors.Is(err, unix.EPERM) {
		err = uids.As(uid, func() error { return lower(pid) })
	}
	return err
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

// find believes libvirt's pid file when that process was started for the domain: the file may be stale, and its number
// somebody else's.
func (s System) find(domain, uuid string) (int, error) {
	content, err := os.ReadFile(filepath.Join(s.PIDs, domain+".pid"))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 32)
	if err != nil || pid < 1 {
		return 0, fmt.Errorf("libvirt names the process %.20q", content)
	}
	args, err := os.ReadFile(filepath.Join(s.Proc, strconv.FormatInt(pid, 10), "cmdline"))
	if err != nil {
		return 0, err
	}
	if uuid == "" || !bytes.Contains(args, []byte(uuid)) {
		return 0, errors.New("the process that libvirt names was not started for it")
	}
	return int(pid), nil
}
