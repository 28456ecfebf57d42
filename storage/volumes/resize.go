package volumes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"holm/storage/luks"
)

var errOtherKey = errors.New("it is said to be encrypted and is not, or the other way round")

// A QEMU, also qemu-img, holds locks on these bytes of a file that it has open, whether or not there are such bytes. Source: QEMU's
// block/file-posix.c.
const (
	qemuLocksAt = 100
	qemuLocks   = 200
)

// shut keeps every QEMU from opening a file as long as this descriptor is open, or says that one has it open.
func shut(file *os.File) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: qemuLocksAt, Len: qemuLocks}
	err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return inUse(file.Name())
	}
	return err
}

// resize makes a file larger. It is holm that does so and not qemu-img: what the file says was written by a guest's QEMU, and a
// program of root's that goes by it can be led to other files.
func resize(file *os.File, kind string, gib int, keyed bool) error {
	if err := shut(file); err != nil {
		return err
	}
	header, err := headerOf(file, kind)
	if err != nil {
		return err
	}
	if (header.Length > 0) != keyed {
		return errOtherKey
	}
	bytes := int64(gib) << 30
	if kind == qcow2().kind {
		err = growQcow2(file, bytes)
	} else {
		if keyed {
			bytes += luks.HeaderBytes
		}
		err = file.Truncate(bytes)
	}
	if err != nil {
		return err
	}
	return file.Sync()
}

// growQcow2 tells the header of the new size, and gives the table that it begins with as many entries as that needs: in its place
// where it has room there, which is up to 4 TiB with QEMU's clusters, and else at the file's end.
func growQcow2(file *os.File, bytes int64) error {
	h, err := readQcow2(file)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := h.sound(file, info.Size()); err != nil {
		return err
	}
	have, want := int64(h.L1Size), h.l1For(bytes)
	cluster := h.cluster()
	room := (have*entryBytes + cluster - 1) / cluster * cluster / entryBytes
	switch {
	case want <= have:
		want = have
	case want <= room:
		end := int64(h.L1At) + have*entryBytes // #nosec G115 -- inside the file
		if _, err := file.WriteAt(make([]byte, (want-have)*entryBytes), end); err != nil {
			return err
		}
	default:
		if err := moveTable(file, &h, info.Size(), want); err != nil {
			return err
		}
	}
	// The table is on the disk before the header says that it is that large.
	if err := file.Sync(); err != nil {
		return err
	}
	fields := binary.BigEndian.AppendUint64(nil, uint64(bytes))                                          // #nosec G115 -- positive
	fields = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(fields, h.Crypt), uint32(want)) // #nosec G115 -- bounded by MaxGiB
	fields = binary.BigEndian.AppendUint64(fields, h.L1At)
	_, err = file.WriteAt(fields, sizeAt)
	return err
}

// moveTable copies the table to the end of the file, with more entries. Which clusters are in use is then not as the reference counts
// say: the header says that first, and the next QEMU that opens the file counts anew.
func moveTable(file *os.File, h *qcow2Header, size, entries int64) error {
	table := make([]byte, entries*entryBytes)
	if _, err := file.ReadAt(table[:int64(h.L1Size)*entryBytes], int64(h.L1At)); err != nil { // #nosec G115 -- inside the file
		return err
	}
	cluster := h.cluster()
	at := (size + cluster - 1) / cluster * cluster
	if err := file.Truncate(at + (int64(len(table))+cluster-1)/cluster*cluster); err != nil {
		return err
	}
	if _, err := file.WriteAt(table, at); err != nil {
		return err
	}
	h.L1At, h.Incompatible = uint64(at), h.Incompatible|dirty // #nosec G115 -- positive
	if _, err := file.WriteAt(binary.BigEndian.AppendUint64(nil, h.Incompatible), incompatAt); err != nil {
		return err
	}
	return nil
}

func unsound(wrong string) error {
	return fmt.Errorf("its header is not as holm and QEMU leave one: %s", wrong)
}
