// Package volumes makes, copies, grows and removes the disks that outlive an instance's boots: the state volumes. Where
// they lie is a pool, and how a Backend: qcow2 files, raw files that share their blocks, or thin logical volumes. The
// guest formats a volume; nothing here looks inside.
package volumes

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"holm/internal/fault"
)

// The kinds of backend, as records and the command line write them.
const (
	Qcow2   = "qcow2"    // a folder with qcow2 files, on any file system
	Reflink = "reflink"  // a folder with raw files that share blocks, on XFS or btrfs
	LVMThin = "lvm-thin" // logical volumes in a thin pool of LVM
)

// MaxGiB is the largest volume that there can be, in GiB.
const MaxGiB = 64 << 10

// Backend keeps the volumes of one pool. A volume is named by the id of the instance that it belongs to, 12 lower-case
// hexadecimal digits; anything else is refused before it reaches a path or a program. Sizes are in GiB where they are
// chosen and in bytes where they are measured. That there is no space is a fault that wraps syscall.ENOSPC. What is not
// holm's, or no volume, is never touched. Implementations pass volumestest.Conformance.
type Backend interface {
	// Prepare makes the place ready for volumes and proves that it can hold them: the folder is made when only it is
	// missing, the thin pool is looked at. A place that cannot is a fault of kind Unfit that says why. It may be called
	// again at any time.
	Prepare(ctx context.Context) error
	// Create makes a blank volume. It is complete or not there at all, durable when Create returns, and one that exists
	// is never touched: the error then wraps fs.ErrExist, so that a step that is run again can tell that it was done.
	//
	// With a key, which is text, what the guest writes is encrypted with another one that only this one opens (LUKS); the
	// volume is of gib for the guest all the same.
	Create(ctx context.Context, id string, gib int, key []byte) error
	// Clone makes a volume that begins as another one of this pool, which nobody may write to meanwhile, and is opened by the same
	// key; from then on the two have nothing to do with each other. Of reflink and lvm-thin it copies nothing. Of qcow2 it copies
	// nothing where the file system shares blocks, and elsewhere what is allocated: an overlay would tie the clone to its origin.
	// Errors as of Create; a missing origin wraps fs.ErrNotExist.
	Clone(ctx context.Context, from, id string) error
	// Remove deletes a volume, and what a killed Create or Clone left of it. No error when there is nothing, but a pool
	// that is not there is one. It does not wipe.
	Remove(ctx context.Context, id string) error
	// Usage measures a volume, also while a guest runs on it. The error of a missing one wraps fs.ErrNotExist.
	Usage(ctx context.Context, id string) (Usage, error)
	// Grow makes a volume larger and keeps what is in it; no error when it has that size. Shrinking is a fault of kind
	// Usage. A file must not be open in a guest (kind Busy): the hypervisor grows that. A Block volume must be grown
	// here, running guest or not, before the hypervisor is told.
	// keyed says whether the volume was made with a key.
	Grow(ctx context.Context, id string, gib int, keyed bool) error
	// Lend has a second passphrase, which is text, open a volume that was made with key, until Revoke: what was lent before opens
	// it no more. It is for a start, of which a hypervisor writes down more than it should. A guest must not have it open.
	Lend(ctx context.Context, id string, key, once []byte) error
	// Lent tells whether what Lend has written is still there. It reads a few bytes; no error when there is no volume.
	Lent(ctx context.Context, id string) (bool, error)
	// Revoke overwrites what Lend has written. It needs no key; no error when there is no volume, or nothing. A guest may have the
	// volume open.
	Revoke(ctx context.Context, id string) error
	// Wipe makes a volume unreadable for good, before it is removed: what opens it is overwritten, and its blocks are given
	// back. No error when there is nothing. A guest must not have it open.
	Wipe(ctx context.Context, id string) error
	// Disk is what the hypervisor is to be told of a volume, whether that is there or not. The id must be valid.
	Disk(id string) Disk
	// List returns the ids of the volumes that lie here, sorted, for finding those that nobody owns.
	List(ctx context.Context) ([]string, error)
}

// Disk is how a hypervisor opens a volume.
type Disk struct {
	Path   string `json:"path"`   // absolute
	Format string `json:"format"` // "qcow2" or "raw"
	Block  bool   `json:"block"`  // a block device, not a file
	// Buffered says that it has to go through the host's page cache. What a guest changes while it is being written, as
	// ext4 and XFS do, does not match the checksum that btrfs has taken of it, unless the kernel writes a copy; kernels
	// before 6.14 write directly all the same.
	Buffered bool `json:"buffered,omitempty"`
}

// Usage is how large a volume is to its guest, and what it takes of its pool now. Blocks that two volumes share count
// in both.
type Usage struct {
	VirtualBytes   int64 `json:"virtual_bytes"`
	AllocatedBytes int64 `json:"allocated_bytes"`
}

// Open returns the backend of a pool; path is the folder of qcow2 and reflink, and "VG/POOL" of lvm-thin. It touches
// nothing.
func Open(kind, path string) (Backend, error) {
	switch kind {
	case Qcow2, Reflink:
		if err := checkPath(path); err != nil {
			return nil, err
		}
		if kind == Reflink {
			return folder{dir: path, format: raw(), remedy: poolRemedy}, nil
		}
		return folder{dir: path, format: qcow2(), remedy: poolRemedy}, nil
	case LVMThin:
		return openThin(path)
	}
	return nil, fault.New(fault.Usage, "use one of "+strings.Join([]string{Qcow2, Reflink, LVMThin}, ", "),
		"there is no backend %q", clip(kind))
}

// OpenState returns the backend of the state directory, whose qcow2 volumes lie beside the other files of their instance:
// instances/<id>/state.qcow2. The folder of an instance has to be there before its volume. dir must be absolute.
func OpenState(dir string) Backend {
	return folder{dir: dir, own: true, format: qcow2(), remedy: "free some space, or keep the state elsewhere: --state DIR"}
}

const poolRemedy = "free some space in the pool, or use another one: --pool POOL"

var idPattern = regexp.MustCompile(`^[0-9a-f]{12}$`)

func checkID(ids ...string) error {
	for _, id := range ids {
		if !idPattern.MatchString(id) {
			return fault.New(fault.Usage, "", "volume id %q is not allowed: use 12 lower-case hexadecimal digits", clip(id))
		}
	}
	return nil
}

func checkSize(gib int) error {
	if gib < 1 || gib > MaxGiB {
		return fault.New(fault.Usage, "ask for something in between", "a volume of %d GiB is not possible: 1 to %d GiB are", gib, MaxGiB)
	}
	return nil
}

// checkPath keeps out what qemu-img would take for an option ("-…") or a protocol ("nbd:…").
func checkPath(path string) error {
	bad := strings.ContainsFunc(path, unicode.IsControl)
	if bad || !filepath.IsAbs(path) || filepath.Clean(path) != path || filepath.Dir(path) == path {
		return fault.New(fault.Usage, "", "volume folder %q is not an absolute, clean path", clip(path))
	}
	return nil
}

// clip shows the start of a value only: a hostile one can be of any length.
func clip(value string) string {
	const most = 80
	if len(value) > most {
		return strings.ToValidUTF8(value[:most], "") + "…"
	}
	return value
}

func shrinking(id string, have int64, gib int) error {
	return fault.New(fault.VolumeShrinks, "copy what is in it to a smaller instance instead",
		"volume %s has %s, and does not shrink to %d GiB", id, inGiB(have), fault.Asked(gib)).With(fault.Used(have>>30), fault.Unit("GiB"))
}

func inGiB(bytes int64) string {
	if bytes%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", bytes>>30)
	}
	return fmt.Sprintf("%.2f GiB", float64(bytes)/(1<<30))
}
