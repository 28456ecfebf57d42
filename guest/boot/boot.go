package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/steps"
)

const (
	newRoot    = "/sysroot"
	nextPID    = "/usr/lib/systemd/systemd"
	securityfs = "/sys/kernel/security"
)

// Main runs the whole boot and does not return: it ends as systemd or powers the machine off.
func Main(ctx context.Context) {
	err := run(ctx)
	// Only reached when something failed; the console is the one place where a person can read why.
	fmt.Fprintf(os.Stderr, "holm: this instance cannot boot: %v\n", err)
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Fprintf(os.Stderr, "holm: power off: %v\n", err)
	}
	select {}
}

func run(ctx context.Context) error {
	if err := mountKernelFilesystems(); err != nil {
		return err
	}
	raw, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("read the kernel command line: %w", err)
	}
	args, err := ParseArgs(string(raw))
	if err != nil {
		return err
	}
	timed := steps.Steps{Path: steps.File}
	if err := timed.Time("modules", func() error { return loadModules("/modules") }); err != nil {
		return err
	}
	root, err := diskBySerial("/sys/block", RootSerial)
	if err != nil {
		return err
	}
	state, err := diskBySerial("/sys/block", StateSerial)
	if err != nil {
		return err
	}
	if err := timed.Time("root", func() error { return mountRoot(root, args) }); err != nil {
		return err
	}
	if err := timed.Time("state", func() error { return mountState(ctx, state) }); err != nil {
		return err
	}
	if err := mountTemporary(); err != nil {
		return err
	}
	err = timed.Time("apparmor", func() error { return loadProfiles(newRoot+profileDir, securityfs+"/apparmor/.replace") })
	if err != nil {
		return err
	}
	if !args.Untuned {
		if err := maskUnits(newRoot+maskList, "/run/systemd/system"); err != nil {
			return err
		}
		if err := maskUnits(newRoot+generatorList, "/run/systemd/system-generators"); err != nil {
			return err
		}
	}
	return switchRoot()
}

// mount is unix.Mount with an error that says what was mounted where.
func mount(source, target, fstype string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s as %s: %w", source, target, strings.TrimSpace(fstype+" "+data), err)
	}
	return nil
}

func mountKernelFilesystems() error {
	const quiet = unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV
	for _, m := range []struct {
		target, fstype string
		flags          uintptr
		data           string
	}{
		{"/dev", "devtmpfs", unix.MS_NOSUID | unix.MS_NOEXEC, "mode=0755"},
		{"/dev/shm", "tmpfs", quiet, "mode=1777"}, // systemd's own would let programs run from it
		{"/proc", "proc", quiet, ""},
		{"/sys", "sysfs", quiet, ""},
		{securityfs, "securityfs", quiet, ""},
		{"/run", "tmpfs", quiet, "mode=0755,size=20%"},
	} {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		// The kernel may have mounted devtmpfs already.
		if err := mount(m.fstype, m.target, m.fstype, m.flags, m.data); err != nil && !errors.Is(err, unix.EBUSY) {
			return err
		}
	}
	return nil
}

// mountTemporary gives the new root its /tmp. Programs do not run from it: what was made by one program must not be
// started by another.
func mountTemporary() error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	return mount("tmpfs", newRoot+"/tmp", "tmpfs", flags, "mode=1777,size=50%,nr_inodes=1m")
}

// switchRoot moves the kernel's file systems over, makes newRoot the root and becomes systemd. The initrd's own files
// are deleted first, because they would stay in memory for as long as the guest runs.
func switchRoot() error {
	for _, dir := range []string{"/dev", "/proc", "/sys", "/run"} {
		if err := mount(dir, newRoot+dir, "", unix.MS_MOVE, ""); err != nil {
			return err
		}
	}
	if err := os.RemoveAll("/modules"); err != nil {
		return err
	}
	if err := os.Remove("/init"); err != nil {
		return err
	}
	if err := os.Chdir(newRoot); err != nil {
		return err
	}
	if err := mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("chroot to the root file system: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Exec(nextPID, []string{nextPID}, []string{"PATH=/usr/sbin:/usr/bin", "TERM=linux"}); err != nil {
		return fmt.Errorf("start %s: %w", nextPID, err)
	}
	return nil
}
