package system

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
)

// Where the resolver is, and what says so to programs.
const (
	resolverStub   = "127.0.0.53:53"
	resolverCgroup = "/sys/fs/cgroup/system.slice/systemd-resolved.service/cgroup.procs"
	resolvConf     = "/etc/resolv.conf"
	resolvStub     = "/run/systemd/resolve/stub-resolv.conf"
)

// resolverWithin bounds how long the resolver, for which no boot waits, may take to come up.
const resolverWithin = 10 * time.Second

func names() probe.Check {
	return probe.Check{
		ID:      "names",
		Source:  "holm",
		Promise: "The resolver serves this machine and no other; programs are led to it, unless their owner leads them elsewhere.",
		Try:     tryNames,
	}
}

// namesFound is what there is of the resolver.
type namesFound struct {
	silent error            // why the resolver did not answer on loopback
	bound  []netip.AddrPort // where it serves
	astray string           // what resolv.conf is when it does not lead to the resolver
	owned  bool             // it is a file of somebody's own, which may say anything
}

func tryNames(ctx context.Context, _ *probe.Env) probe.Result {
	const tried = "ask 127.0.0.53 for localhost by UDP and TCP; look where else the resolver listens, and at /etc/resolv.conf"
	found := namesFound{silent: answersWaiting(ctx, resolverStub)}
	pids, err := resolverPIDs()
	if err != nil {
		return probe.Failed(tried, "the resolver does not run: %v", err)
	}
	for _, pid := range pids {
		bound, err := servingNames(pid)
		if err != nil {
			return probe.Inconclusive(tried, "%v", err)
		}
		found.bound = append(found.bound, bound...)
	}
	found.astray, found.owned = leadsTo(resolvConf)
	return found.judge(tried)
}

func (f namesFound) judge(tried string) probe.Result {
	for _, at := range f.bound {
		if !at.Addr().IsLoopback() {
			return probe.Failed(tried, "the resolver serves others at %s", at)
		}
	}
	switch {
	case f.silent != nil:
		return probe.Failed(tried, "%s: %v", resolverStub, f.silent)
	case len(f.bound) == 0:
		return probe.Inconclusive(tried, "%s answered, and is not the resolver's", resolverStub)
	case f.owned:
		return probe.Passed(tried, "it answered, and listens on loopback only; %s", f.astray)
	case f.astray != "":
		return probe.Failed(tried, "%s", f.astray)
	}
	return probe.Passed(tried, "it answered, and listens on loopback only; /etc/resolv.conf leads to it")
}

// leadsTo says what is wrong with a resolv.conf that does not lead to the resolver. One that somebody has written is that
// person's own way to names, which is no harm to others.
func leadsTo(file string) (astray string, owned bool) {
	to, err := filepath.EvalSymlinks(file)
	if err != nil {
		return file + " leads nowhere: " + unwrapped(err), false
	}
	content, err := readSome(to, 64<<10)
	switch {
	case err != nil:
		return unwrapped(err), false
	case bytes.Contains(content, []byte("nameserver 127.0.0.53\n")):
		return "", false
	case to != resolvStub && bytes.Contains(content, []byte("nameserver")):
		return file + " is its owner's", true
	}
	return file + " names no server", false
}

// unwrapped is the reason alone, without the path that was tried.
func unwrapped(err error) string {
	if why, ok := errors.AsType[*fs.PathError](err); ok {
		return why.Err.Error()
	}
	return err.Error()
}

// resolverPIDs are the processes of the resolver's unit: a name that a process has given itself does not count.
func resolverPIDs() ([]int, error) {
	content, err := os.ReadFile(resolverCgroup)
	if err != nil {
		return nil, err
	}
	var pids []int
	for field := range strings.FieldsSeq(string(content)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return nil, errors.New("its unit has no process")
	}
	return pids, nil
}

// servingNames are the addresses at which a process takes questions, by TCP or UDP: sockets of port 53. Those from which the
// resolver asks others have a port of the kernel's choice.
func servingNames(pid int) ([]netip.AddrPort, error) {
	held, err := procfs.Sockets(pid)
	if err != nil {
		return nil, err
	}
	var bound []netip.AddrPort
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		content, err := procfs.Read(procfs.Path(pid, "net", table))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(content) {
			f := strings.Fields(string(line))
			if len(f) < 10 || !held[f[9]] {
				continue
			}
			if at, err := procfs.ParseAddress(f[1]); err == nil && at.Port() == 53 {
				bound = append(bound, at)
			}
		}
	}
	return bound, nil
}

// answersWaiting asks by UDP and by TCP until there are answers.
func answersWaiting(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, resolverWithin)
	defer cancel()
	for {
		err := errors.Join(asksLocalhost(ctx, "udp", address), asksLocalhost(ctx, "tcp", address))
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// asksLocalhost asks for the address of localhost, which a resolver knows without asking anybody.
func asksLocalhost(ctx context.Context, network, address string) error {
	// RFC 1035: an id, "recursion desired", one question: localhost, type A, class IN.
	question := []byte("\x68\x6d\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09localhost\x00\x00\x01\x00\x01")
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if network == "tcp" {
		question = append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...) // #nosec G115 -- 27 bytes
	}
	if _, err := conn.Write(question); err != nil {
		return err
	}
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	if err == nil && n == 0 {
		err = fmt.Errorf("%s said nothing", network)
	}
	return err
}
