package docker

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"holm/guest/probe/procfs"
)

// The attempts of the privileged container.
const (
	tryMakeDevice  = "mknod of the state volume"
	tryOpenDevice  = "open the state volume"
	tryMount       = "mount the state volume"
	trySysrq       = "open /proc/sysrq-trigger"
	tryCore        = "open core_pattern"
	tryPanic       = "open kernel/panic"
	tryModule      = "init_module"
	tryKmsg        = "open /dev/kmsg"
	trySetns       = "open the namespaces of pid 1"
	trySignal      = "signal pid 1"
	tryReboot      = "reboot"
	tryReadPrivate = "read a file of the guest's root"
	tryWriteOpen   = "write a file of the guest's root"
	tryReadOpen    = "read what all may read"
	tryTmpfs       = "mount a tmpfs"
	tryPidOne      = "see pid 1"
)

// inPrivileged is the worst container that a user can start: privileged, with the guest's processes in sight and
// a folder of the guest's writable. It tries to reach the guest's kernel, disks and root, tells what came of it, and
// listens for its neighbour. Files are opened and no more: what is let in must not do harm.
func inPrivileged(ctx context.Context, args []string, out io.Writer) error {
	asked, err := readAsked(args)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("0.0.0.0", strconv.Itoa(asked.Listen)))
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	status, err := procfs.ReadStatus("/proc/self/status")
	if err != nil {
		return err
	}
	told := dockerTold{Nonce: asked.Nonce, UID: os.Getuid(), Status: status, Tries: dockerTries{}}
	tryPowers(told.Tries)
	tryKernel(told.Tries)
	tryDisk(told.Tries, asked)
	tryGuest(told.Tries)
	return tellAndStay(ctx, told, out)
}

// tryPowers is the control: its capabilities are good for what is its own.
func tryPowers(tries dockerTries) {
	tries.do(tryChown, chown)
	tries.do(tryRaw, rawSocket)
	tries.do(tryTmpfs, func() error { return unix.Mount("tmpfs", "/tmp", "tmpfs", 0, "") })
	tries.do(tryReadOpen, opener(filepath.Join(guestDir, dockerOpen), os.O_RDONLY))
	tries.do(tryPidOne, func() error {
		if os.Getpid() == 1 {
			return unix.ESRCH // it has its own
		}
		return unix.Access("/proc/1/status", unix.R_OK)
	})
}

func tryKernel(tries dockerTries) {
	tries.do(trySysrq, opener("/proc/sysrq-trigger", os.O_WRONLY))
	tries.do(tryCore, opener("/proc/sys/kernel/core_pattern", os.O_WRONLY))
	tries.do(tryPanic, opener("/proc/sys/kernel/panic", os.O_WRONLY))
	tries.do(tryKmsg, opener("/dev/kmsg", os.O_RDONLY))
	tries.do(tryModule, func() error { return unix.InitModule(nil, "") })
	// The wrong magic: who may reboot is told EINVAL.
	tries.do(tryReboot, func() error {
		if _, _, errno := unix.Syscall6(unix.SYS_REBOOT, 0, 0, 0, 0, 0, 0); errno != 0 {
			return errno
		}
		return nil
	})
}

func tryDisk(tries dockerTries, asked dockerAsked) {
	tries.do(tryMakeDevice, func() error {
		return mknod("/tmp/volume", unix.S_IFBLK, asked.Major, asked.Minor)
	})
	tries.do(tryOpenDevice, opener(asked.Device, os.O_RDONLY))
	tries.do(tryMount, func() error { return unix.Mount(asked.Device, "/tmp", "ext4", unix.MS_RDONLY, "") })
}

func tryGuest(tries dockerTries) {
	tries.do(tryReadPrivate, opener(filepath.Join(guestDir, secret), os.O_RDONLY))
	tries.do(tryWriteOpen, opener(filepath.Join(guestDir, dockerOpen), os.O_WRONLY))
	tries.do(trySetns, opener("/proc/1/ns/mnt", os.O_RDONLY))
	tries.do(trySignal, func() error { return unix.Kill(1, 0) })
}

func opener(path string, flags int) func() error {
	return func() error {
		f, err := os.OpenFile(path, flags, 0)
		if err != nil {
			return err
		}
		return f.Close()
	}
}
