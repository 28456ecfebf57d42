package probe

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// dockerWithin runs do in the network namespace of a process, on a thread that ends with it: nothing else of this
// program ever runs there.
func dockerWithin(pid int, do func() error) error {
	ns, err := os.Open(dockerProc(pid, "ns", "net"))
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
