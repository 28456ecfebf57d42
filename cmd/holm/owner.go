package main

import (
	"errors"
	"os"
	"runtime"
	"strconv"
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

// invoker is the user who has called sudo, where the folder is that user's: a file that holm writes there is for them.
func (a *app) invoker(dir string) (*owner, error) {
	o, err := ownerOf(dir)
	if o != nil && strconv.Itoa(o.uid) != a.getenv("SUDO_UID") {
		o = nil
	}
	return o, err
}
