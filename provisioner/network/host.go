package network

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// Route is where the host sends packets for a network.
type Route struct {
	Device string
	To     netip.Prefix
	Learnt bool // from a router advertisement
}

// Routes are the host's, as proc ("/proc") has them: IPv4, and IPv6 where the kernel knows it. Multicast, loopback and
// routes that reject are left out.
func Routes(proc fs.FS) ([]Route, error) {
	four, err := fs.ReadFile(proc, "net/route")
	if err != nil {
		return nil, err
	}
	routes, err := parseRoutes(string(four))
	if err != nil {
		return nil, fmt.Errorf("/proc/net/route cannot be understood: %w", err)
	}
	six, err := fs.ReadFile(proc, "net/ipv6_route")
	if errors.Is(err, fs.ErrNotExist) {
		return routes, nil
	}
	if err != nil {
		return nil, err
	}
	more, err := parseRoutes6(six)
	if err != nil {
		return nil, fmt.Errorf("/proc/net/ipv6_route cannot be understood: %w", err)
	}
	return append(routes, more...), nil
}

// parseRoutes reads /proc/net/route: addresses are 32-bit numbers in the byte order of the host, which is little.
func parseRoutes(text string) ([]Route, error) {
	var routes []Route
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "Iface" {
			continue
		}
		if len(f) < 8 {
			return nil, errors.New("a line has fewer than 8 fields")
		}
		to, err1 := strconv.ParseUint(f[1], 16, 32)
		mask, err2 := strconv.ParseUint(f[7], 16, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, errors.New("an address is no hexadecimal number")
		}
		var addr [4]byte
		binary.LittleEndian.PutUint32(addr[:], uint32(to))
		prefix := netip.PrefixFrom(netip.AddrFrom4(addr), bits.OnesCount32(uint32(mask)))
		routes = append(routes, Route{Device: f[0], To: prefix.Masked()})
	}
	return routes, nil
}

// Flags of an IPv6 route, of linux/route.h and linux/ipv6_route.h.
const (
	routeUp      = 0x1
	routeReject  = 0x200
	routeDefault = 0x10000 | 0x40000 // RTF_DEFAULT, RTF_ADDRCONF: from a router advertisement
)

func parseRoutes6(text []byte) ([]Route, error) {
	var routes []Route
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 {
			return nil, errors.New("a line has fewer than 10 fields")
		}
		to, err := hex.DecodeString(f[0])
		length, err1 := strconv.ParseUint(f[1], 16, 8)
		flags, err2 := strconv.ParseUint(f[8], 16, 32)
		if err := errors.Join(err, err1, err2); err != nil || len(to) != 16 || length > 128 {
			return nil, errors.New("an address is no hexadecimal number")
		}
		addr := netip.AddrFrom16([16]byte(to))
		if flags&routeUp == 0 || flags&routeReject != 0 || addr.IsMulticast() || f[9] == "lo" {
			continue
		}
		routes = append(routes, Route{Device: f[9], To: netip.PrefixFrom(addr, int(length)).Masked(), Learnt: flags&routeDefault != 0})
	}
	return routes, lines.Err()
}

// WhyNotIPv6 says in one line why networks here go without IPv6; "" when they need not. A host that has learnt its own
// routes from a router would forget them once it forwards, unless it was told otherwise: libvirt refuses then.
func WhyNotIPv6(proc fs.FS) string {
	setting := func(name string) string {
		text, err := fs.ReadFile(proc, "sys/net/ipv6/conf/"+name)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(text))
	}
	switch setting("all/disable_ipv6") {
	case "0":
	case "":
		return "the kernel has no IPv6"
	default:
		return "net.ipv6.conf.all.disable_ipv6 is not 0"
	}
	routes, err := Routes(proc)
	if err != nil {
		return err.Error()
	}
	for _, r := range routes {
		if r.Learnt && setting(r.Device+"/accept_ra") == "1" {
			return "the host's own IPv6 routes come from a router at " + r.Device + ", and would be lost: net.ipv6.conf." + r.Device +
				".accept_ra is 1, and not 2"
		}
	}
	return ""
}

// Listens tells whether a program of this host's has the port, at any address.
func Listens(ctx context.Context, protocol string, port uint16) (bool, error) {
	var (
		c   interface{ Close() error }
		err error
		at  = ":" + strconv.Itoa(int(port))
		lc  net.ListenConfig
	)
	if protocol == "udp" {
		c, err = lc.ListenPacket(ctx, "udp", at)
	} else {
		c, err = lc.Listen(ctx, "tcp", at)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, c.Close()
}
