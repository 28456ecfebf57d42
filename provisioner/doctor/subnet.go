package doctor

import (
	"context"
	"os"

	"holm/provisioner/network"
)

// checkSubnet looks for routes of the host into the instances' subnet. A wider route merely loses the addresses that
// holm takes; one as narrow or narrower would take instances' packets away.
func checkSubnet(_ context.Context, e *env) Result {
	routes, err := network.Routes(os.DirFS(e.path("/proc")))
	if err != nil {
		return warn("", "%v", err)
	}
	wider := Result{}
	for _, r := range routes {
		switch {
		case r.Device == e.Bridge || r.To.Bits() == 0 || !r.To.Overlaps(e.Subnet):
		case r.To.Bits() >= e.Subnet.Bits():
			return fail("ip route del "+r.To.String()+" dev "+r.Device,
				"%s collides with the host's route %s on %s", e.Subnet, r.To, r.Device)
		default:
			wider = warn("", "%s hides a part of the host's route %s on %s", e.Subnet, r.To, r.Device)
		}
	}
	if wider.Status != "" {
		return wider
	}
	return ok("%s is free", e.Subnet)
}

// checkIPv6 says whether instances have IPv6 on this host. They do well without.
func checkIPv6(_ context.Context, e *env) Result {
	why := network.WhyNotIPv6(os.DirFS(e.path("/proc")))
	if why == "" {
		return ok("networks have IPv6")
	}
	return warn("see docs/ISOLATION.md", "networks are made without IPv6: %s", why)
}
