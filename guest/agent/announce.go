package agent

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

const routes = "/proc/net/route"

// announceWithin is how long the network may take to come up after sshd. It is a matter of milliseconds.
const announceWithin = 20 * time.Second

// announce makes the host learn which hardware address this guest's address has now. The host may still believe in that
// of an instance which is gone and had the same address, and would speak to nobody for ten seconds. Whatever is sent to the
// gateway makes the kernel ask for the gateway's hardware address, and the question tells ours. A guest whose owner has
// taken its default route away is announced by nobody, and goes on.
func (a *Agent) announce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, announceWithin)
	defer cancel()
	_ = until(ctx, func() error {
		content, err := os.ReadFile(a.path(routes))
		if err != nil {
			return nil //nolint:nilerr // there is no network to wait for
		}
		gateway, ok := defaultGateway(string(content))
		if !ok {
			return errors.New("there is no default route")
		}
		return greet(ctx, gateway)
	})
}

// greet sends one byte to where nobody reads it.
func greet(ctx context.Context, gateway netip.Addr) error {
	const discard = 9 // RFC 863
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp4", netip.AddrPortFrom(gateway, discard).String())
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte{0})
	return errors.Join(err, conn.Close())
}

// defaultGateway finds the gateway of the default route in the kernel's table, in which addresses are hexadecimal numbers
// of the machine's byte order.
func defaultGateway(table string) (netip.Addr, bool) {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[1] != "00000000" || fields[7] != "00000000" {
			continue
		}
		number, err := hex.DecodeString(fields[2])
		if err != nil || len(number) != 4 {
			continue
		}
		var address [4]byte
		binary.NativeEndian.PutUint32(address[:], binary.BigEndian.Uint32(number))
		return netip.AddrFrom4(address), address != [4]byte{}
	}
	return netip.Addr{}, false
}
