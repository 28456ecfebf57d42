package pools

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"

	"holm/internal/fault"
)

// btrfs is a file system and an array in one. The kernel lists each by UUID with its devices; which of them is mounted
// here shows in the device that the mount names.
func (l Looker) btrfs(m *mountinfo.Info) (uuid string, top Device, err error) {
	all, err := resolve(l.Root, "/sys/fs/btrfs")
	if err != nil {
		return "", Device{}, err
	}
	names, err := all.list("")
	if err != nil {
		return "", Device{}, err
	}
	source := strings.TrimPrefix(m.Source, "/dev/")
	for _, name := range names {
		members, err := all.list(name + "/devices")
		if err != nil || !l.holds(members, source) {
			continue // "features" is no file system
		}
		dir, err := resolve(l.Root, "/sys/fs/btrfs/"+name)
		if err != nil {
			return "", Device{}, err
		}
		top, err := l.btrfsDevice(dir, members)
		return name, top, err
	}
	return "", Device{}, fault.New(fault.Unfit, "see: btrfs filesystem show "+m.Mountpoint,
		"the kernel does not say which drives the btrfs at %s is on", m.Mountpoint)
}

// holds looks for a device by its name, or by that of the mapping it is.
func (l Looker) holds(members []string, source string) bool {
	if slices.Contains(members, source) {
		return true
	}
	mapped, ok := strings.CutPrefix(source, "mapper/")
	return ok && slices.ContainsFunc(members, func(member string) bool {
		dir, err := resolve(l.Root, "/sys/class/block/"+member)
		return err == nil && dir.text("dm/name") == mapped
	})
}

func (l Looker) btrfsDevice(dir place, members []string) (Device, error) {
	d := Device{Name: dir.name(), Kind: Btrfs}
	// The weakest of the profiles is the promise: after a conversion that was cut short there are two.
	for _, profile := range []string{"single", "raid0", "dup", "raid5", "raid6", "raid1", "raid1c3", "raid1c4", "raid10"} {
		if dir.has("allocation/data/" + profile) {
			d.Level = profile
			break
		}
	}
	paths := make([]string, len(members))
	for i, member := range members {
		paths[i] = "/sys/class/block/" + member
	}
	var err error
	if d.Members, err = l.members(paths, 0); err != nil {
		return d, err
	}
	ids, err := dir.list("devinfo")
	if err != nil {
		return d, fmt.Errorf("btrfs %s: %w", d.Name, err)
	}
	for _, id := range ids {
		if dir.text("devinfo/"+id+"/missing") == "1" {
			d.Missing++
		}
	}
	return d, nil
}
