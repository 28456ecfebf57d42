package uids

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

// System is the host. Its zero value is this one.
type System struct {
	Root string // "" is "/"
}

// What QEMU has to reach besides the files of its instance.
const (
	// libvirt keeps a folder for each running domain in it, which belongs to that domain's user. Debian's package makes it
	// 0750, and libvirt's own 0751.
	libvirtDir = "/var/lib/libvirt/qemu"
	kvmDevice  = "/dev/kvm"
)

func (s System) path(abs string) string { return filepath.Join("/", s.Root, abs) }

// Others are the users that this host knows.
func (s System) Others() ([]Claim, error) { return Others(os.DirFS(s.path("/etc"))) }

// Own gives a file, or a block device, to a user alone, and sees whether that user gets through to it. A file that has a
// second name is refused: it may be somebody else's.
func (s System) Own(path string, uid int) error {
	err := own(path, uid)
	if errors.Is(err, fs.ErrPermission) {
		return fault.New(fault.Unfit, "run holm as root", "%s cannot be given to %s: %w", path, label(uid), err)
	}
	if err == nil && errors.Is(Try(uid, path, Read), fs.ErrPermission) {
		dir := closed(path)
		return fault.New(fault.Unfit, "chmod o+x "+dir,
			"%s, as which QEMU is to run, cannot pass through %s to its %s", label(uid), dir, filepath.Base(path))
	}
	return err
}

// closed is the outermost folder on the way to a file that lets not everybody pass.
func closed(path string) string {
	found := filepath.Dir(path)
	for dir := found; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			found = dir
		}
	}
	return found
}

func own(path string, uid int) error {
	const handle = unix.O_PATH | unix.O_CLOEXEC
	resolved, nofollow := path, unix.O_NOFOLLOW
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 { // the name of a logical volume
		if resolved, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	fd, err := unix.Open(resolved, handle|nofollow, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	switch kind := st.Mode & unix.S_IFMT; {
	case kind == unix.S_IFBLK:
	case kind == unix.S_IFREG && resolved == path && st.Nlink == 1:
	default:
		return fmt.Errorf("%s is neither a file of one name nor a block device", path)
	}
	if int(st.Uid) == uid && int(st.Gid) == uid && st.Mode&0o077 == 0 {
		return nil
	}
	// The mode first: between the two, nobody has more than at the end.
	if err := os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), 0o600); err != nil {
		return err
	}
	if err := unix.Fchownat(fd, "", uid, uid, unix.AT_EMPTY_PATH); err != nil {
		return &fs.PathError{Op: "chown", Path: path, Err: err}
	}
	return nil
}

// Let lets a user at what every QEMU needs: through libvirt's folder, and with kvm at the device, when they are not open to
// everybody. The device is not handed to a group: the group that has it has other members.
func (s System) Let(uid int, kvm bool) error {
	err := s.passable(s.path(libvirtDir))
	if err == nil && kvm {
		err = letAt(s.path(kvmDevice), uid)
	}
	if err != nil {
		return fault.New(fault.Unfit, "run holm as root, and see: holm doctor", "%s of a tenant cannot run QEMU: %w", label(uid), err)
	}
	return nil
}

// passable lets everybody pass through a folder, and not list it.
func (s System) passable(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // libvirt makes it, when it is a libvirt that needs it
	}
	if err != nil || info.Mode().Perm()&0o001 != 0 {
		return err
	}
	return os.Chmod(dir, info.Mode().Perm()|0o001)
}

// Unlet takes back what Let has given to this user alone.
func (s System) Unlet(uid int) error {
	if err := changeACL(s.path(kvmDevice), func(l acl) acl { return l.without(uid) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take %s from %s: %w", kvmDevice, label(uid), err)
	}
	return nil
}

func letAt(device string, uid int) error {
	info, err := os.Stat(device)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o006 == 0o006 {
		return nil
	}
	return changeACL(device, func(l acl) acl { return l.with(uid) })
}
