package network

import "net/netip"

// inner is a network that is in use inside an instance. There it comes before the way to the gateway: an instance with an
// address of it does not reach its own network.
type inner struct {
	net netip.Prefix
	use string
}

// inners are those that profiles take unless their owner says otherwise.
func inners() []inner {
	return []inner{
		{netip.MustParsePrefix("10.42.0.0/16"), "k3s gives these addresses to pods"},
		{netip.MustParsePrefix("10.43.0.0/16"), "k3s gives these addresses to services"},
		{netip.MustParsePrefix("172.17.0.0/16"), "Docker gives these addresses to containers"},
		{netip.MustParsePrefix("10.0.2.0/24"), "rootless Docker's own network has these addresses"},
	}
}

// RefuseInner refuses a subnet for instances that would be hidden by one inside them; a fault of kind Usage. A network that
// there is already keeps the subnet it has.
func RefuseInner(p netip.Prefix) error {
	for _, i := range inners() {
		if p.IsValid() && p.Overlaps(i.net) {
			return refuse("subnet", p.String(), "inside an instance "+i.use+" ("+i.net.String()+"), and its gateway would be out of reach")
		}
	}
	return nil
}

// innerTaken are the networks of which no subnet is cut.
func innerTaken() (taken []netip.Prefix) {
	for _, i := range inners() {
		taken = append(taken, i.net)
	}
	return taken
}
