package judge

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// netns is a network namespace with nothing but a loopback: its ports are not those of the machine, so that several
// clusters run side by side and none can be reached from outside. One thread lives in it and does all that has to be
// done there; what that thread starts stays in it.
type netns struct {
	tasks chan func()
}

func newNetns(t *testing.T) *netns {
	t.Helper()
	n := &netns{tasks: make(chan func())}
	entered := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := enter()
		entered <- err
		if err != nil {
			return
		}
		for task := range n.tasks {
			task()
		}
	}()
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(n.tasks) })
	return n
}

func enter() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("cannot make a network namespace: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot reach the interface lo: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("cannot bring the interface lo up: %w", err)
	}
	return nil
}

// do runs f in the namespace and waits for it.
func (n *netns) do(f func() error) error {
	done := make(chan error, 1)
	n.tasks <- func() { done <- f() }
	return <-done
}

// dial connects from inside the namespace. The address is an IP: with a name, Go would connect from other threads.
func (n *netns) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = n.do(func() error {
		var d net.Dialer
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}
