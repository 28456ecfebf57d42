package uids

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Access is how a file is tried.
type Access int

// The ways to try a file.
const (
	Read    Access = iota
	Write          // without changing it
	Connect        // to a socket
)

// Try tries a file as a user that is in the group of the same number and in no other, and returns what the kernel says. Only
// a thread of its own becomes that user, for files alone: no process of the user's can signal or trace this one meanwhile.
func Try(uid int, path string, how Access) error {
	return onThread(func() error {
		if err := become(uid); err != nil {
			return fmt.Errorf("become %s: %w", label(uid), err)
		}
		return attempt(path, how)
	})
}

// As does something as a user, as which a thread of its own runs for good: for what the kernel allows to processes of the same
// user. Do may not leave that thread; it makes its calls itself. Meanwhile the user's processes may signal the thread, so
// it is for what takes no time.
func As(uid int, do func() error) error {
	return onThread(func() error {
		for _, call := range []uintptr{unix.SYS_SETRESGID, unix.SYS_SETRESUID} {
			if _, _, errno := unix.RawSyscall(call, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
				return fmt.Errorf("become %s: %w", label(uid), errNotBecome)
			}
		}
		return do()
	})
}

// onThread runs do on a thread that ends with it, so that nobody else inherits whom it became.
func onThread(do func() error) error {
	answer := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		answer <- do()
	}()
	return <-answer
}

// errNotBecome means that the kernel did not let a thread become another user.
var errNotBecome = errors.New("the kernel does not allow it: run as root")

// become has this thread, and no other one, reach files as a user. The wrappers of package unix change all threads.
func become(uid int) error {
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		return errNotBecome
	}
	for _, call := range []uintptr{unix.SYS_SETFSGID, unix.SYS_SETFSUID} {
		_, _, _ = unix.RawSyscall(call, uintptr(uid), 0, 0)   // returns what was, not whether it worked
		now, _, _ := unix.RawSyscall(call, ^uintptr(0), 0, 0) // of no user: changes nothing
		if int64(now) != int64(uid) {                         //nolint:gosec // a user is no negative number
			return errNotBecome
		}
	}
	return nil
}

func attempt(path string, how Access) error {
	if how == Connect {
		return connect(path)
	}
	flags := os.O_RDONLY
	if how == Write {
		flags = os.O_WRONLY
	}
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return unix.Close(fd)
}

// connect does not go through package net, whose goroutines may be on another thread.
func connect(path string) error {
	if len(path) >= len(unix.RawSockaddrUnix{}.Path) {
		return &fs.PathError{Op: "connect", Path: path, Err: net.InvalidAddrError("its name is too long")}
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return &fs.PathError{Op: "connect", Path: path, Err: err}
	}
	return nil
}
