package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

type route struct {
	device string
	to     netip.Prefix
}

// checkSubnet looks for routes of the host into the instances' subnet. A wider route merely loses the addresses that
// holm takes; one as narrow or narrower would take instances' packets away.
func checkSubnet(_ context.Context, e *env) Result {
	text, err := e.read("/proc/net/route")
	if err != nil {
		return warn("", "/proc/net/route %s", plain(err))
	}
	routes, err := parseRoutes(text)
	if err != nil {
		return warn("", "/proc/net/route cannot be understood: %v", err)
	}
	wider := Result{}
	for _, r := range routes {
		switch {
		case r.device == e.Bridge || r.to.Bits() == 0 || !r.to.Overlaps(e.Subnet):
		case r.to.Bits() >= e.Subnet.Bits():
			return fail("ip route del "+r.to.String()+" dev "+r.device,
				"%s collides with the host's route %s on %s", e.Subnet, r.to, r.device)
		default:
			wider = warn("", "%s hides a part of the host's route %s on %s", e.Subnet, r.to, r.device)
		}
	}
	if wider.Status != "" {
		return wider
	}
	return ok("%s is free", e.Subnet)
}

// parseRoutes reads /proc/net/route: addresses are 32-bit numbers in the byte order of the host, which is little.
func parseRoutes(text string) ([]route, error) {
	var routes []route
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
		routes = append(routes, route{device: f[0], to: prefix.Masked()})
	}
	return routes, nil
}
