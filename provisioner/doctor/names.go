package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"holm/provisioner/environment"
)

// answersWithin is how long a name server may take.
const answersWithin = 2 * time.Second

// nameServersRemedy names a server for all instances of this host.
const nameServersRemedy = "holm host set --nameserver ADDRESS"

// checkNames looks at which name servers instances are told, and asks each whether it is there. Instances without one work
// all the same, as long as they need no names.
func checkNames(ctx context.Context, e *env) Result {
	if e.Names == nil {
		return ok("not looked at")
	}
	force, found := e.Names()
	from := force.From[environment.Nameservers]
	switch {
	case len(force.Nameservers) > 0:
	case from != "" && len(force.Dropped) == 0:
		return ok("instances are to have no name server")
	case len(found.Stubs) > 0:
		return warn(nameServersRemedy, "no name resolves in instances: this host asks %s, where instances are not served", found.Stubs[0])
	default:
		return warn(nameServersRemedy, "no name resolves in instances: this host has no name server")
	}
	where := "of this host's settings"
	if from == environment.FromResolver {
		where = "found in " + found.File
	}
	if silent := e.silent(ctx, force.Nameservers); len(silent) > 0 {
		return warn(nameServersRemedy, "%s: not answered within %v by %s", where, answersWithin, strings.Join(silent, ", "))
	}
	return ok("%s, %s", strings.Join(force.Nameservers, ", "), where)
}

// silent are the name servers that do not answer, all asked at the same time.
func (e *env) silent(ctx context.Context, servers []string) (silent []string) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	failed := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, text := range servers {
		wg.Go(func() {
			a, err := netip.ParseAddr(text)
			if err == nil {
				err = e.Probes.Ask(ctx, a)
			}
			failed[i] = err
		})
	}
	wg.Wait()
	for i, err := range failed {
		if err != nil {
			silent = append(silent, servers[i])
		}
	}
	return silent
}

// askNames puts one question, for the servers of the root, to a name server. Any answer will do, also a refusal.
func askNames(ctx context.Context, server netip.Addr) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", netip.AddrPortFrom(server, 53).String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if end, bounded := ctx.Deadline(); bounded {
		if err := conn.SetDeadline(end); err != nil {
			return err
		}
	}
	id := uint16(time.Now().UnixNano()) // #nosec G115 -- any number will do: the socket takes answers of that server alone
	// A header with recursion desired and one question; then the root's name, type NS, class IN.
	question := binary.BigEndian.AppendUint16(nil, id)
	question = append(question, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1)
	if _, err := conn.Write(question); err != nil {
		return err
	}
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	const isAnswer = 0x80
	if n < 12 || binary.BigEndian.Uint16(answer) != id || answer[2]&isAnswer == 0 {
		return errors.New("what came back is no answer")
	}
	return nil
}
