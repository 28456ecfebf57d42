package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/guest/growth"
)

// StateDir is where the state volume lies inside the guest.
const StateDir = "/state"

// stateFlags hold for the whole state volume. Programs run from it only where a bind says so.
const stateFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME

// overlays are the folders whose lower layer is the image and whose upper layer lies on the state volume. /etc has
// scripts that Debian's programs start, and /opt is where root puts programs that come in an archive.
var overlays = []struct {
	dir   string
	flags uintptr
}{
	{"/etc", unix.MS_NOSUID | unix.MS_NODEV},
	{"/var", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{"/opt", unix.MS_NOSUID | unix.MS_NODEV},
}

// binds are the folders that lie on the state volume itself. Container stores are among them, because overlay2 does
// not work on an overlay. People keep programs of their own in /home, and what they serve in /srv; containers are made
// of programs.
var binds = []struct {
	dir  string
	exec bool
	mode os.FileMode
}{
	{"/home", true, 0o755},
	{"/srv", true, 0o755},
	{"/var/tmp", false, os.ModeSticky | 0o777},
	{"/var/lib/docker", true, 0o755},
	{"/var/lib/containerd", true, 0o755},
	{"/var/lib/kubelet", true, 0o755},
	{"/var/lib/rancher", true, 0o755},
}

// Content is what a state volume holds.
type Content int

// What Probe finds at the start of a volume.
const (
	Blank   Content = iota // nothing but zeros: a new volume
	Ext4                   // an ext4 file system
	Unknown                // something else: not ours to format
)

// Probe looks at the first MiB of a volume.
func Probe(r io.Reader) (Content, error) {
	head := make([]byte, 1<<20)
	if _, err := io.ReadFull(r, head); err != nil {
		return Unknown, fmt.Errorf("read the start of the state volume: %w", err)
	}
	const magic = 1024 + 0x38 // s_magic of the first superblock
	switch {
	case head[magic] == 0x53 && head[magic+1] == 0xef:
		return Ext4, nil
	case len(bytes.Trim(head, "\x00")) == 0:
		return Blank, nil
	default:
		return Unknown, nil
	}
}

// mountState mounts the state volume, formatting it when it is blank, and lays it over the root.
func mountState(ctx context.Context, disk string) error {
	if err := prepare(ctx, disk); err != nil {
		return err
	}
	state := newRoot + StateDir
	if err := mount(disk, state, "ext4", stateFlags, "discard"); err != nil {
		return err
	}
	// The disk may have grown while the guest was off. One that cannot grow is as good as it was.
	if _, err := growth.Grow("", state); err != nil {
		fmt.Fprintf(os.Stderr, "holm-init: %v\n", err)
	}
	for _, o := range overlays {
		if err := errors.Join(os.MkdirAll(upper(state, o.dir), 0o755), os.MkdirAll(work(state, o.dir), 0o700)); err != nil {
			return err
		}
	}
	renew(newRoot, state)
	for _, o := range overlays {
		data := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", newRoot+o.dir, upper(state, o.dir), work(state, o.dir))
		if err := mount("overlay", newRoot+o.dir, "overlay", o.flags, data); err != nil {
			return err
		}
	}
	for _, b := range binds {
		if err := bind(state, b.dir, b.mode, b.exec); err != nil {
			return err
		}
	}
	return os.Chmod(state, 0o700)
}

func bind(state, dir string, mode os.FileMode, exec bool) error {
	source, target := filepath.Join(state, "store", dir), newRoot+dir
	if err := makeStore(source, mode); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(target, 0o755), mount(source, target, "", unix.MS_BIND, "")); err != nil {
		return err
	}
	if !exec {
		return nil
	}
	return mount("", target, "", unix.MS_REMOUNT|unix.MS_BIND|stateFlags&^unix.MS_NOEXEC, "")
}

// makeStore makes a folder of the state volume. One that is there keeps the mode that it was given since.
func makeStore(dir string, mode os.FileMode) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}

// prepare leaves a clean ext4 on the disk or fails: what is neither blank nor ext4 is never formatted.
func prepare(ctx context.Context, disk string) error {
	f, err := os.Open(disk)
	if err != nil {
		return err
	}
	content, err := Probe(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	switch content {
	case Blank:
		// A new instance stays small: tables are written when they are needed and lie together (-G), nothing is kept for
		// a descriptor table that grows (the volume can still grow, by meta_bg), and a new qcow2 needs no discard.
		return inRoot(ctx, "mke2fs", "-q", "-t", "ext4", "-L", "holm-state", "-m", "1", "-G", "256", "-O", "^resize_inode",
			"-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", "-J", "size=32", disk)
	case Ext4:
		run := func(ctx context.Context, args ...string) ([]byte, int, error) {
			return runInRoot(ctx, "e2fsck", args...)
		}
		return check(ctx, run, disk, os.Stderr)
	default:
		return fmt.Errorf("the state volume %s holds neither zeros nor ext4: refusing to format it", disk)
	}
}

// inRoot runs a program of the image's own before the image is the root.
func inRoot(ctx context.Context, name string, args ...string) error {
	out, status, err := runInRoot(ctx, name, args...)
	if err == nil && status != 0 {
		err = fmt.Errorf("it ended with status %d", status)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// runInRoot returns what a program said and its exit status. The error says that it did not run to its end.
func runInRoot(ctx context.Context, name string, args ...string) (out []byte, status int, err error) {
	if err := mount("/dev", newRoot+"/dev", "", unix.MS_BIND, ""); err != nil {
		return nil, 0, err
	}
	cmd := exec.CommandContext(ctx, "/usr/sbin/"+name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: newRoot}
	cmd.Dir = "/"
	// In the middle of its work e2fsck must be let finish what it is writing.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err = cmd.CombinedOutput()
	if unmountErr := unix.Unmount(newRoot+"/dev", 0); err == nil && unmountErr != nil {
		return out, 0, fmt.Errorf("unmount /dev from the root: %w", unmountErr)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return out, exit.ExitCode(), nil
	}
	return out, 0, err
}
