// Package trusted refuses files and folders that somebody else could have written, or could put something else in the place of: holm
// runs as root, and does what its records, keys and folders say. Every room that opens such a place asks here.
package trusted

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

// maxLinks is how many links a path may lead over.
const maxLinks = 40

// Dir refuses a folder that is not ours alone to change, or that one on the way to it lets others exchange. What is not there yet is no
// error, as long as the way to it is ours: whoever makes it owns it.
func Dir(path string) error { return way(path, maxLinks) }

// Open opens a file of ours, and no link. It is refused when somebody else owns it or can write to it; fs.ErrNotExist when it is missing.
func Open(path string, flag int, perm fs.FileMode) (*os.File, error) {
	if err := Dir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, perm)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fault.New(fault.Failure, "put the file back there", "%s is not a file", path)
	}
	if err == nil {
		err = ours(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// ReadFile reads a file of ours.
func ReadFile(path string) ([]byte, error) {
	file, err := Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	content := make([]byte, info.Size())
	if _, err := file.ReadAt(content, 0); err != nil {
		return nil, err
	}
	return content, nil
}

// Is refuses a folder, or file, that is open and not ours alone to change.
func Is(file interface {
	Name() string
	Stat() (fs.FileInfo, error)
},
) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return ours(file.Name(), info)
}

// way goes down to a folder. What lies in a folder in which others may make things, as /tmp, is ours if it is ours: its sticky bit keeps
// them from exchanging it.
func way(path string, links int) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	at := "/"
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		info, err := os.Lstat(at)
		if err != nil {
			return missing(err)
		}
		if shared := info.Mode()&fs.ModeSticky != 0 && owner(info) == 0; !shared {
			if err := ours(at, info); err != nil {
				return err
			}
		}
		if part == "" {
			break
		}
		at = filepath.Join(at, part)
		info, err = os.Lstat(at)
		if err != nil {
			return missing(err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		if links == 0 {
			return &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
		}
		if !mine(owner(info)) {
			return foreign(at, info)
		}
		to, err := os.Readlink(at)
		if err != nil {
			return err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(at), to)
		}
		return way(filepath.Join(append([]string{to}, parts[i+1:]...)...), links-1)
	}
	info, err := os.Lstat(at)
	if err != nil {
		return missing(err)
	}
	return ours(at, info)
}

// missing forgives that there is nothing there: whoever needs a folder there makes it, or says why it cannot.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

func ours(path string, info fs.FileInfo) error {
	if !mine(owner(info)) {
		return foreign(path, info)
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	// A group of root's is root's, and so is the folder of a group of one's own; the bits of a group also show an ACL.
	if mode&0o002 != 0 || mode&0o020 != 0 && (!is || stat.Gid != 0 && int(stat.Gid) != os.Getegid()) {
		return fault.New(fault.PathUntrusted, "look at who has changed it; then: chmod go-w "+path,
			"%s can be changed by others (mode %04o)", fault.Path(path), mode)
	}
	return nil
}

func foreign(path string, info fs.FileInfo) error {
	return fault.New(fault.PathUntrusted, "look at what is in it; then: chown root: "+path+"      or use another place: --state DIR",
		"%s belongs to user %d, who could change what is in it", fault.Path(path), owner(info))
}

func owner(info fs.FileInfo) int {
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return -1
	}
	return int(stat.Uid)
}

func mine(uid int) bool { return uid == 0 || uid == os.Geteuid() }

// Descriptor is the path by which a program that inherits a file as its nth descriptor opens that very file, whatever has become of its
// name.
func Descriptor(n int) string { return fmt.Sprintf("/proc/self/fd/%d", n) }
