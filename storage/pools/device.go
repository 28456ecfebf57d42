package pools

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"holm/internal/fault"
)

// What a device is.
const (
	Drive     = "drive"
	Partition = "partition"
	Raid      = "raid"   // md
	LVM       = "lvm"    // a logical volume
	Crypt     = "crypt"  // dm-crypt
	Mapped    = "mapped" // any other device-mapper target
	Loop      = "loop"   // a file that plays a drive
	Btrfs     = "btrfs"  // the volumes of one btrfs
	Missing   = "missing"
)

// Device is one layer, with what it is made of.
type Device struct {
	Name      string `json:"name"` // the kernel's, "md0"; for btrfs the UUID
	Kind      string `json:"kind"`
	SizeBytes uint64 `json:"size_bytes,omitempty"`

	// Of an array.
	Level   string  `json:"level,omitempty"`   // "raid10"
	Missing int     `json:"missing,omitempty"` // members that should be there and are not in use
	Action  string  `json:"action,omitempty"`  // what it is busy with: "recover", "resync", "check"; "" is nothing
	Done    float64 `json:"done,omitempty"`    // how much of that, 0 to 1
	Broken  string  `json:"broken,omitempty"`  // why nothing can be trusted to it any more: one line

	// Of a member of an array.
	Role string `json:"role,omitempty"` // "in_sync", "faulty", "spare", "rebuilding"

	// Of a drive.
	Transport    string  `json:"transport,omitempty"` // "nvme", "nvme over tcp", "sata", "scsi", "virtio", "usb", "unknown"
	Rotational   bool    `json:"rotational,omitempty"`
	WriteCache   string  `json:"write_cache,omitempty"` // "write back", "write through"
	DiscardBytes uint64  `json:"discard_max_bytes,omitempty"`
	Model        string  `json:"model,omitempty"`
	Serial       string  `json:"serial,omitempty"`
	Health       *Health `json:"health,omitempty"` // nil when it was not asked, or does not say

	Members []Device `json:"members,omitempty"`
}

// Limits of what is believed of a machine.
const (
	maxDepth   = 8
	maxMembers = 256
)

func (l Looker) under(major, minor int) (Device, error) {
	return l.device(fmt.Sprintf("/sys/dev/block/%d:%d", major, minor), 0)
}

// device reads the layer at a path of sysfs and all layers below it.
func (l Looker) device(path string, depth int) (Device, error) {
	dir, err := resolve(l.Root, path)
	if err != nil {
		return Device{}, fault.New(fault.Unfit, "see: lsblk --inverse", "the kernel does not say what is under it: %w", err)
	}
	if depth >= maxDepth {
		return Device{}, fault.New(fault.Unfit, "", "more than %d layers of devices lie on each other", maxDepth)
	}
	d := Device{Name: dir.name(), SizeBytes: 512 * dir.number("size")} // sysfs counts in 512 bytes whatever the drive does
	switch {
	case dir.has("partition"):
		d.Kind = Partition
		d.Members, err = l.members([]string{dir.parent()}, depth)
	case dir.has("md"):
		err = l.raid(dir, &d, depth)
	case dir.has("dm"):
		d.Kind = mapping(dir.text("dm/uuid"))
		d.Members, err = l.slaves(dir, depth)
	case dir.has("loop"):
		d.Kind, d.Transport, d.Model = Loop, "loop", dir.text("loop/backing_file")
	default:
		drive(dir, &d)
	}
	return d, err
}

func (l Looker) slaves(dir place, depth int) ([]Device, error) {
	names, err := dir.list("slaves")
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = "/sys/class/block/" + name
	}
	return l.members(paths, depth)
}

func (l Looker) members(paths []string, depth int) ([]Device, error) {
	if len(paths) == 0 {
		return nil, fault.New(fault.Unfit, "see: lsblk --inverse", "a device has nothing under it")
	}
	if len(paths) > maxMembers {
		return nil, fault.New(fault.Unfit, "", "a device has more than %d members", maxMembers)
	}
	all := make([]Device, len(paths))
	for i, path := range paths {
		var err error
		if all[i], err = l.device(path, depth+1); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func mapping(uuid string) string {
	switch prefix, _, _ := strings.Cut(uuid, "-"); prefix {
	case "LVM":
		return LVM
	case "CRYPT":
		return Crypt
	default:
		return Mapped
	}
}

// raid reads an md array. A drive that was pulled is among the working ones until the kernel next writes to it, and leaves
// no trace afterwards: that it is missing shows in the numbers.
func (l Looker) raid(dir place, d *Device, depth int) error {
	d.Kind, d.Level = Raid, dir.text("md/level")
	slots, err := dir.list("md")
	if err != nil {
		return err
	}
	var paths, roles []string
	whole := map[uint64]bool{} // the places in the array whose data is there
	gone := 0
	for _, slot := range slots {
		name, ok := strings.CutPrefix(slot, "dev-")
		if !ok {
			continue
		}
		path, role := "/sys/class/block/"+name, role(dir.text("md/"+slot+"/state"))
		if _, err := resolve(l.Root, path); errors.Is(err, fs.ErrNotExist) {
			if role != "faulty" { // else it is counted already
				gone++
			}
			continue
		}
		paths, roles = append(paths, path), append(roles, role)
		if role == "in_sync" {
			whole[dir.number("md/"+slot+"/slot")] = true
		}
	}
	d.Missing = gone + int(min(dir.number("md/degraded"), maxMembers)) // #nosec G115 -- small
	if len(paths) > 0 || gone > 0 {
		if d.Members, err = l.members(paths, depth); err != nil {
			return err
		}
	}
	for i := range d.Members {
		d.Members[i].Role = roles[i]
	}
	if action := dir.text("md/sync_action"); action != "idle" && action != "frozen" {
		d.Action, d.Done = action, fraction(dir.text("md/sync_completed"))
	}
	if state := dir.text("md/array_state"); !slices.Contains([]string{
		"clean", "active", "active-idle", "write-pending", "readonly",
		"read-auto",
	}, state) {
		d.Broken = fmt.Sprintf("the array is %s", orUnknown(state))
	} else if dir.lostMirror(whole) {
		d.Broken = "both drives of a mirror are gone"
	}
	return nil
}

// lostMirror says that no copy is left of some data. The kernel says so only once a write has failed, and not while others
// are under way. It is told where mirrors are pairs of neighbours, as mdadm makes them.
func (p place) lostMirror(whole map[uint64]bool) bool {
	const pairs = 1<<8 | 2 // one far copy, two near ones
	all := p.number("md/raid_disks")
	if p.text("md/level") != "raid10" || p.number("md/layout") != pairs || all%2 != 0 {
		return false
	}
	for slot := uint64(0); slot < min(all, maxMembers); slot += 2 {
		if !whole[slot] && !whole[slot+1] {
			return true
		}
	}
	return false
}

// role is the one that decides of those that the kernel lists: "in_sync,write_mostly", "faulty,blocked".
func role(states string) string {
	all := strings.Split(states, ",")
	for _, r := range []string{"faulty", "in_sync", "spare", "rebuilding", "journal"} {
		if slices.Contains(all, r) {
			return r
		}
	}
	return orUnknown(states)
}

// fraction reads "1024 / 4096", in sectors; 0 for "none" and whatever else.
func fraction(text string) float64 {
	done, all, ok := strings.Cut(text, "/")
	a, err1 := strconv.ParseUint(strings.TrimSpace(done), 10, 64)
	b, err2 := strconv.ParseUint(strings.TrimSpace(all), 10, 64)
	if !ok || err1 != nil || err2 != nil || b == 0 || a > b {
		return 0
	}
	return float64(a) / float64(b)
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
