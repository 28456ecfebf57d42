package docker

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"holm/guest/probe/procfs"
)

// within runs do in the network namespace of a process, on a thread that ends with it: nothing else of this
// program ever runs there.
func within(pid int, do func() error) error {
	ns, err := os.Open(procfs.Path(pid, "ns", "net"))
	if err != nil {
		return err
	}
	defer func() { _ = ns.Close() }()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is thrown away
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- os.NewSyscallError("setns", err)
			return
		}
		done <- do()
	}()
	return <-done
}
