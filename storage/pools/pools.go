// Package pools tells what a folder of volumes stands on: the file system, the array under it and the drives under
// that. It looks; it changes nothing and knows no instance. Sources: proc_pid_mountinfo(5), the kernel's
// Documentation/admin-guide/md.rst and Documentation/ABI/{stable,testing}/sysfs-*.
package pools

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"holm/internal/fault"
	"holm/internal/run"
)

// Looker looks at a machine; its zero value is this one.
type Looker struct {
	// Root is where /sys and /proc are looked up; "" is "/".
	Root string
	// Run runs a program; nil is run.Command.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)
	// Statfs measures a file system; nil asks the kernel.
	Statfs func(path string, s *unix.Statfs_t) error
}

// Tree is a mounted file system and all that it lies on.
type Tree struct {
	Path          string `json:"path"` // the mount point
	FSType        string `json:"fs_type"`
	FSUUID        string `json:"fs_uuid"`
	ReadOnly      bool   `json:"read_only,omitempty"`
	CapacityBytes uint64 `json:"capacity_bytes"`
	FreeBytes     uint64 `json:"free_bytes"` // for whoever is not root as well
	Top           Device `json:"device"`
}

// Look walks from a mount point down to the drives. A path that is no mount point is a fault of kind Usage, one that is not
// there of kind NotFound, and a file system without drives of this machine under it (network, FUSE, memory) of kind Unfit.
func (l Looker) Look(ctx context.Context, path string) (Tree, error) {
	m, err := l.mounted(path)
	if err != nil {
		return Tree{}, err
	}
	t := Tree{Path: m.Mountpoint, FSType: m.FSType, ReadOnly: slices.Contains(strings.Split(m.Options+","+m.VFSOptions, ","), "ro")}
	var s unix.Statfs_t
	if err := l.statfs(path, &s); err != nil {
		return Tree{}, fault.New(fault.Unfit, "see what ails it: dmesg", "the file system at %s does not answer: %w", path, err)
	}
	t.CapacityBytes, t.FreeBytes = s.Blocks*uint64(s.Bsize), s.Bavail*uint64(s.Bsize) // #nosec G115 -- a block size is positive
	if t.FSType == "btrfs" {
		t.FSUUID, t.Top, err = l.btrfs(m)
	} else if t.Top, err = l.under(m.Major, m.Minor); err == nil {
		t.FSUUID, err = l.uuid(ctx, "/dev/"+t.Top.Name)
	}
	if err != nil {
		return Tree{}, err
	}
	return t, nil
}

// mounted finds what is mounted at a path.
func (l Looker) mounted(path string) (*mountinfo.Info, error) {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return nil, fault.New(fault.Usage, "give an absolute path, such as /srv/holm", "%q is not the path of a mount point", path)
	}
	f, err := openBelow(l.Root, "/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	all, err := mountinfo.GetMountsFromReader(f, mountinfo.SingleEntryFilter(path))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		if !exists(path) && l.Root == "" {
			return nil, fault.New(fault.NotFound, "make a file system and mount it there", "there is no %s: %w", path, fs.ErrNotExist)
		}
		return nil, fault.New(fault.Usage, "mount a file system there, or name the mount point: findmnt --target "+path,
			"%s is not a mount point", path)
	}
	m := all[len(all)-1] // what was mounted last hides the others
	if foreign(m) {
		return nil, fault.New(fault.Unfit, "use a file system on drives of this machine: ext4, xfs or btrfs",
			"%s is a %s file system, which does not lie on drives of this machine", path, m.FSType)
	}
	return m, nil
}

// foreign tells whether a file system has no block device of its own. Btrfs is the one that has, and numbers itself as
// those that have not.
func foreign(m *mountinfo.Info) bool {
	return strings.HasPrefix(m.FSType, "fuse") || m.Major == 0 && m.FSType != "btrfs"
}

// uuid asks blkid, which reads the superblock, and not udev, which may have read another one.
func (l Looker) uuid(ctx context.Context, device string) (string, error) {
	out, err := l.run(ctx, "blkid", "-p", "-o", "value", "-s", "UUID", device)
	if err != nil {
		return "", fault.New(fault.Unfit, "see: blkid -p "+device, "cannot tell which file system is on %s: %w", device, err)
	}
	const longest = 64
	uuid := strings.TrimSpace(string(out))
	if uuid == "" || len(uuid) > longest || strings.ContainsFunc(uuid, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fault.New(fault.Unfit, "see: blkid -p "+device, "the file system on %s has no UUID that could tell it from another", device)
	}
	return uuid, nil
}

func (l Looker) statfs(path string, s *unix.Statfs_t) error {
	if l.Statfs != nil {
		return l.Statfs(path, s)
	}
	return unix.Statfs(path, s)
}

func (l Looker) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	if l.Run != nil {
		return l.Run(ctx, name, args...)
	}
	return run.Command(ctx, name, args...)
}
