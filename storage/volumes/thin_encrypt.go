package volumes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
	"holm/storage/luks"
)

// sizeFor is how large a logical volume has to be for its guest to have so many GiB, as LVM is told.
func sizeFor(gib int, withHeader bool) string {
	if !withHeader {
		return strconv.Itoa(gib) + "g"
	}
	return strconv.Itoa(gib<<10+luks.HeaderBytes>>20) + "m"
}

// fitsHeader refuses a group whose volumes cannot be a header larger than whole GiB: the guest would be given more than was
// asked for, and QEMU not told of a disk that grew.
func (t thin) fitsHeader(pool logical) error {
	extent, err := strconv.ParseInt(pool.Extent, 10, 64)
	if err != nil || extent <= 0 {
		return fmt.Errorf("thin pool %s: lvs says that an extent has %q bytes", t, clip(pool.Extent))
	}
	if luks.HeaderBytes%extent != 0 {
		return fault.New(fault.Unfit, "vgchange --physicalextentsize 4m "+t.group,
			"volumes of %s cannot be encrypted: its extents have %d MiB, and 4 are the most", t.group, extent>>20)
	}
	return nil
}

// encrypt makes a volume that was just made an encrypted one, and completes one that was left before that. One that has a header, or
// that a guest has written to, is left as it is.
func (t thin) encrypt(id string, key []byte) error {
	path := t.Disk(id).Path
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_EXCL, 0) // of a block device: unless somebody has it mounted
	if err != nil {
		return fmt.Errorf("encrypt volume: %w", err)
	}
	defer func() { _ = file.Close() }()
	begin := make([]byte, headerBlock)
	if _, err := file.ReadAt(begin, 0); err != nil {
		return fmt.Errorf("encrypt volume: %w", err)
	}
	if len(bytes.TrimLeft(begin, "\x00")) > 0 {
		return nil
	}
	if err := errors.Join(writeHeader(file, 0, key, blankBytes, file.Sync), file.Sync()); err != nil {
		return fmt.Errorf("encrypt volume: %w", err)
	}
	return nil
}

// eraseHeader overwrites what opens a volume.
func (t thin) eraseHeader(id string) error {
	return t.change(id, "wipe", func(file *os.File) error { return eraseHeader(file, raw().kind) })
}

// Lend implements Backend.
func (t thin) Lend(_ context.Context, id string, key, once []byte) error {
	return t.change(id, "open", func(file *os.File) error { return lend(file, raw().kind, key, once) })
}

// Lent implements Backend. It is asked each minute for each volume, and so asks nothing of LVM, and does not open for writing: the
// kernel tells udev of a device that was open so, which then looks into it.
func (t thin) Lent(_ context.Context, id string) (bool, error) {
	if err := checkID(id); err != nil {
		return false, err
	}
	file, err := os.Open(t.Disk(id).Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at volume: %w", err)
	}
	defer func() { _ = file.Close() }()
	return lentIn(file, raw().kind)
}

// Revoke implements Backend.
func (t thin) Revoke(_ context.Context, id string) error {
	err := t.change(id, "lock", func(file *os.File) error { return revoke(file, raw().kind) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// change does something to the header of a volume.
func (t thin) change(id, doing string, do func(*os.File) error) error {
	if err := checkID(id); err != nil {
		return err
	}
	file, err := os.OpenFile(t.Disk(id).Path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%s volume: %w", doing, err)
	}
	defer func() { _ = file.Close() }()
	if err := do(file); err != nil {
		return fmt.Errorf("%s volume %s: %w", doing, file.Name(), err)
	}
	return nil
}
