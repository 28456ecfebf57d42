package inside

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// owner is whose home it is that holm, run by root, is to write into.
type owner struct{ uid, gid int }

// ownerOf is the user to whom a folder belongs, where that is another than this process's; else nil. Sudo can leave HOME
// as it was: what is written there is its owner's, and is written with no more rights than the owner's.
func ownerOf(dir string) (*owner, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || stat.Uid == 0 {
		return nil, nil
	}
	return &owner{int(stat.Uid), int(stat.Gid)}, nil
}

// do runs f with the owner's rights to files: what f makes is the owner's, and a link that the owner has laid leads f to
// nothing that the owner could not write to. It holds for one thread, so f must not leave its goroutine.
func (o *owner) do(f func() error) error {
	if o == nil {
		return f()
	}
	runtime.LockOSThread()
	err := unix.Setfsgid(o.gid)
	if err == nil {
		err = unix.Setfsuid(o.uid)
	}
	if err == nil {
		err = f()
	}
	back := errors.Join(unix.Setfsuid(0), unix.Setfsgid(0))
	if back == nil {
		runtime.UnlockOSThread() // else the thread ends with its goroutine
	}
	return errors.Join(err, back)
}

// credential is the owner as a program's user.
func (o *owner) credential() *syscall.Credential {
	if o == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)} // #nosec G115 -- they come from the kernel as such
}

// invoker is the user who has called sudo, or whose home root has taken over, where something on the way to the folder is that
// user's: a file that holm writes there is for them, and is written with their rights. What is anybody else's on the way is refused:
// it could lead root anywhere.
func invoker(a *app, dir string) (*owner, error) {
	others, err := onTheWay(dir)
	if err != nil || len(others) == 0 {
		return nil, err
	}
	caller := a.Getenv("SUDO_UID")
	if h, err := callersHome(); caller == "" && err == nil && h.owner != nil {
		caller = strconv.Itoa(h.owner.uid)
	}
	for _, o := range others {
		if strconv.Itoa(o.uid) != caller {
			return nil, fmt.Errorf("%s, or what leads there, belongs to user %d", dir, o.uid)
		}
	}
	return &others[0], nil
}

// maxSteps is how many folders and links a path may lead over.
const maxSteps = 256

// onTheWay are the owners, besides root, of the folders and links that lead to a folder; none when this process is not root's.
func onTheWay(dir string) ([]owner, error) {
	rest, err := filepath.Abs(dir)
	if err != nil || os.Geteuid() != 0 {
		return nil, err
	}
	var others []owner
	at := "/"
	for range maxSteps {
		name, next, more := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		path := filepath.Join(at, name)
		info, err := os.Lstat(path)
		if err != nil {
			return nil, err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			others = append(others, owner{int(stat.Uid), int(stat.Gid)})
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(path)
			if err != nil {
				return nil, err
			}
			if filepath.IsAbs(to) {
				at = "/"
			}
			rest = to + "/" + next
			continue
		}
		at, rest = path, next
		if !more || strings.Trim(rest, "/") == "" {
			return others, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: dir, Err: syscall.ELOOP}
}
