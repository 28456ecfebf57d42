package doctor

import "context"

// checkEbtables tries the kind of rule that libvirt's nwfilter makes against spoofed ARP.
func checkEbtables(ctx context.Context, e *env) Result {
	return e.tryInNamespace(ctx, "ebtables", "filters ARP: libvirt can keep guests from spoofing",
		"ebtables", "-t", "nat", "-A", "PREROUTING", "-p", "ARP", "--arp-ip-src", "!", "192.0.2.1", "-j", "DROP")
}
