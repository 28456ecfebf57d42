package uids

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// The kernel's form of an access control list (linux/posix_acl_xattr.h): a version, and entries of 8 bytes.
const (
	aclName    = "system.posix_acl_access"
	aclVersion = 2
	aclHeader  = 4
	maxACL     = 64 << 10

	tagOwner = 0x01
	tagUser  = 0x02
	tagGroup = 0x04
	tagMask  = 0x10
	tagOther = 0x20
	noID     = 0xffffffff

	readWrite = 6
)

// entry is what one user or group may do.
type entry struct {
	Tag, Perm uint16
	ID        uint32
}

// acl is a list as the kernel wants it: sorted by tag, then by number.
type acl []entry

// minimal is the list that says what a mode says.
func minimal(mode fs.FileMode) acl {
	perm := uint16(mode & fs.ModePerm) // #nosec G115 -- nine bits
	return acl{{tagOwner, perm >> 6 & 7, noID}, {tagGroup, perm >> 3 & 7, noID}, {tagOther, perm & 7, noID}}
}

func parseACL(content []byte) (acl, error) {
	if len(content) < aclHeader || (len(content)-aclHeader)%8 != 0 || binary.LittleEndian.Uint32(content) != aclVersion {
		return nil, fmt.Errorf("%d bytes are no access control list", len(content))
	}
	l := make(acl, (len(content)-aclHeader)/8)
	return l, binary.Read(bytes.NewReader(content[aclHeader:]), binary.LittleEndian, l)
}

func (l acl) bytes() []byte {
	content := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range l {
		content = binary.LittleEndian.AppendUint16(content, e.Tag)
		content = binary.LittleEndian.AppendUint16(content, e.Perm)
		content = binary.LittleEndian.AppendUint32(content, e.ID)
	}
	return content
}

// with lets one more user read and write. The mask is what everybody but the owner and the others can have at most.
func (l acl) with(uid int) acl {
	more := slices.DeleteFunc(slices.Clone(l), func(e entry) bool { return e.Tag == tagMask || e.is(uid) })
	more = append(more, entry{tagUser, readWrite, uint32(uid)}, entry{tagMask, readWrite | l.mask(), noID}) // #nosec G115 -- of a Range
	slices.SortStableFunc(more, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.ID, b.ID)) })
	return more
}

// without takes a user out.
func (l acl) without(uid int) acl {
	return slices.DeleteFunc(slices.Clone(l), func(e entry) bool { return e.is(uid) })
}

func (e entry) is(uid int) bool { return e.Tag == tagUser && int64(e.ID) == int64(uid) }

// mask is what the list's mask allows; without one, that is what its group may.
func (l acl) mask() uint16 {
	for _, tag := range []uint16{tagMask, tagGroup} {
		for _, e := range l {
			if e.Tag == tag {
				return e.Perm
			}
		}
	}
	return 0
}

// changeACL changes the list of a file, unless it is as it would be. It is read, changed and written: whoever does so holds a
// lock on the folder, which all holms of a host share, whatever their state directories are.
func changeACL(path string, change func(acl) acl) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // and with it the lock
	for {
		err := unix.Flock(int(folder.Fd()), unix.LOCK_EX)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return &fs.PathError{Op: "flock", Path: folder.Name(), Err: err}
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	content := make([]byte, maxACL)
	size, err := unix.Getxattr(path, aclName, content)
	is := minimal(info.Mode())
	switch {
	case err == nil:
		if is, err = parseACL(content[:size]); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	case errors.Is(err, unix.ENODATA):
	default:
		return &fs.PathError{Op: "getxattr", Path: path, Err: err}
	}
	want := change(is)
	if slices.Equal(want, is) {
		return nil
	}
	if err := unix.Setxattr(path, aclName, want.bytes(), 0); err != nil {
		return &fs.PathError{Op: "setxattr", Path: path, Err: err}
	}
	return nil
}
