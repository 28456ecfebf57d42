package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// place is a thread of this process that lives in one of the namespaces. What is started on it lives there, too, and dies
// with it; a socket that is opened on it stays there wherever it is used.
type place struct {
	space string
	jobs  chan func()
}

// enter makes a place. Its thread has mounts of its own, in which resolv.conf is the file resolver.
func enter(space, resolver string) (*place, error) {
	p := &place{space: space, jobs: make(chan func())}
	entered := make(chan error)
	go func() {
		// Never unlocked: Go ends a thread whose goroutine ends while it is locked, and nobody else ever runs on it.
		runtime.LockOSThread()
		err := settle(space, resolver)
		entered <- err
		if err != nil {
			return
		}
		for job := range p.jobs {
			job()
		}
	}()
	if err := <-entered; err != nil {
		return nil, fmt.Errorf("enter network namespace %s: %w", space, err)
	}
	return p, nil
}

func settle(space, resolver string) error {
	f, err := os.Open("/run/netns/" + space)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	err = unix.Mount(resolver, "/etc/resolv.conf", "", unix.MS_BIND, "")
	if errors.Is(err, unix.ENOENT) { // a host without name servers; then nobody's are in the way
		return nil
	}
	return err
}

// leave ends the thread, and with it what was started on it.
func (p *place) leave() { close(p.jobs) }

// do runs a function on the thread.
func (p *place) do(job func() error) error {
	done := make(chan error)
	p.jobs <- func() { done <- job() }
	return <-done
}

// start starts a command in a process group of its own; it gets SIGKILL when the thread ends.
func (p *place) start(cmd *exec.Cmd, as *syscall.Credential) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: as}
	return p.do(cmd.Start)
}

// run runs a command to its end and returns what it printed.
func (p *place) run(ctx context.Context, name string, args ...string) (string, error) {
	var out, diag bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &diag
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the whole group
	cmd.WaitDelay = 2 * time.Second
	err := p.start(cmd, nil)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(diag.String()))
	}
	return out.String(), nil
}

// listen opens a socket for TCP in the namespace.
func (p *place) listen(ctx context.Context, address string) (l net.Listener, err error) {
	err = p.do(func() error {
		l, err = new(net.ListenConfig).Listen(ctx, "tcp", address)
		return err
	})
	return l, err
}

// listenPacket opens a socket for UDP in the namespace.
func (p *place) listenPacket(ctx context.Context, address string) (c net.PacketConn, err error) {
	err = p.do(func() error {
		c, err = new(net.ListenConfig).ListenPacket(ctx, "udp", address)
		return err
	})
	return c, err
}

// dial opens a connection from the namespace.
func (p *place) dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = p.do(func() error {
		c, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return c, err
}
