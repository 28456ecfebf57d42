package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// machine is a network namespace. A process holds it.
type machine struct {
	t   *testing.T
	pid int
}

// newMachine ends with the test.
func newMachine(t *testing.T) machine {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // who starts it may not end before it: Pdeathsig is of the thread
		started <- cmd.Start()
		_ = cmd.Wait()
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	m := machine{t, cmd.Process.Pid}
	// A neighbour is asked for from an address of the link, which a kernel tries out for a second or two before it uses it.
	for _, of := range []string{"all", "default"} {
		m.setting("ipv6/conf/"+of+"/accept_dad", "0")
	}
	m.run("ip link set lo up")
	return m
}

// in does something on the machine: sockets that it opens, programs that it starts and settings that it reads are the machine's.
func (m machine) in(do func()) {
	m.t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		f, err := os.Open("/proc/" + strconv.Itoa(m.pid) + "/ns/net")
		if err == nil {
			err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
			_ = f.Close()
		}
		if err == nil {
			do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) run(lines ...string) {
	m.t.Helper()
	for _, line := range lines {
		m.in(func() {
			words := strings.Fields(line)
			if out, err := exec.CommandContext(context.WithoutCancel(m.t.Context()), words[0], words[1:]...).CombinedOutput(); err != nil {
				m.t.Errorf("%s: %v: %s", line, err, out)
			}
		})
	}
	if m.t.Failed() {
		m.t.FailNow()
	}
}

// setting writes one of the kernel's.
func (m machine) setting(name, value string) {
	m.t.Helper()
	var err error
	m.in(func() { err = os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o600) })
	if err != nil {
		m.t.Fatal(err)
	}
}

// plug lays a cable from the port of a bridge of the host's to the machine, which gets addresses and a way out.
func (m machine) plug(host machine, port, bridge string, addresses ...netip.Prefix) {
	m.t.Helper()
	host.run("ip link add " + port + " type veth peer name eth0 netns " + strconv.Itoa(m.pid))
	if bridge != "" {
		host.run("ip link set "+port+" master "+bridge, "bridge link set dev "+port+" isolated on")
	}
	host.run("ip link set " + port + " up")
	m.run("ip link set eth0 up")
	for _, a := range addresses {
		m.run("ip address add "+a.String()+" dev eth0"+nodad(a), "ip route add default via "+a.Masked().Addr().Next().String())
	}
}

func nodad(a netip.Prefix) string {
	if a.Addr().Is6() {
		return " nodad"
	}
	return ""
}

// serve answers at a port with the address of who asks, to each line and each packet; several machines answer with their name too.
func (m machine) serve(name, address string) {
	m.t.Helper()
	m.in(func() {
		var lc net.ListenConfig
		l, err := lc.Listen(m.t.Context(), "tcp", address)
		if err != nil {
			m.t.Error(err)
			return
		}
		u, err := lc.ListenPacket(m.t.Context(), "udp", address)
		if err != nil {
			m.t.Error(err)
			return
		}
		m.t.Cleanup(func() { _, _ = l.Close(), u.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go echo(c, name+" "+host(c.RemoteAddr()))
			}
		}()
		go func() {
			b := make([]byte, 100)
			for {
				_, from, err := u.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = u.WriteTo([]byte(name+" "+host(from)), from)
			}
		}()
	})
}

// hear listens at a port of UDP, and returns what tells whether there was anything since it was asked last.
func (m machine) hear(address string) func() bool {
	m.t.Helper()
	var u net.PacketConn
	m.in(func() {
		var err error
		if u, err = (&net.ListenConfig{}).ListenPacket(m.t.Context(), "udp", address); err != nil {
			m.t.Error(err)
		}
	})
	if u == nil {
		m.t.FailNow()
	}
	m.t.Cleanup(func() { _ = u.Close() })
	return func() bool {
		_ = u.SetReadDeadline(time.Now().Add(patience))
		_, _, err := u.ReadFrom(make([]byte, 100))
		return err == nil
	}
}

func host(a net.Addr) string {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return err.Error()
	}
	return p.Addr().Unmap().String()
}

func echo(c net.Conn, text string) {
	b := make([]byte, 100)
	for {
		if _, err := c.Read(b); err != nil {
			_ = c.Close()
			return
		}
		if _, err := c.Write([]byte(text)); err != nil {
			_ = c.Close()
			return
		}
	}
}

// patience is how long an answer may take: what is dropped gives none.
const patience = 700 * time.Millisecond

// dial opens a connection, nil when there is none.
func (m machine) dial(protocol, address string) net.Conn {
	m.t.Helper()
	var c net.Conn
	m.in(func() {
		d := net.Dialer{Timeout: patience}
		var err error
		if c, err = d.DialContext(m.t.Context(), protocol, address); err != nil {
			c = nil
		}
	})
	if c != nil {
		m.t.Cleanup(func() { _ = c.Close() })
	}
	return c
}

// ask is what comes back, "" when nothing does.
func ask(c net.Conn) string {
	if c == nil {
		return ""
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprint(c, "?"); err != nil {
		return ""
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err != nil {
		return ""
	}
	return string(b[:n])
}

// apply gives the machine the rules of a network, and what follows from them.
func (m machine) apply(n Network, guests ...Guest) {
	m.t.Helper()
	m.in(func() {
		if err := (Firewall{}).Apply(m.t.Context(), n.Rules(guests)); err != nil {
			m.t.Error(err)
		}
		if err := (Firewall{}).Settle(m.t.Context(), n, guests); err != nil {
			m.t.Error(err)
		}
	})
	if m.t.Failed() {
		m.t.FailNow()
	}
}
