package verify

import (
	"strings"
	"testing"
)

// holm's filter of an interface, as ebtables 1.8.9 and 1.8.11 list it.
const (
	guardBehind = `Bridge table: nat

Bridge chain: PREROUTING, entries: 1, policy: ACCEPT
-i vnet0 -j libvirt-I-vnet0

Bridge chain: libvirt-I-vnet0, entries: 10, policy: RETURN
-s ! 52:54:00:5c:25:bb -j DROP
-p ARP --arp-ip-src 10.77.0.10 --arp-mac-src 52:54:00:5c:25:bb -j ACCEPT
-p IPv4 --ip-proto udp --ip-sport 67 -j DROP
-p IPv4 --ip-src 10.77.0.10 -j ACCEPT
-p IPv6 --ip6-src fda8:ff80:cf18::a -j ACCEPT
-p IPv6 --ip6-src fe80::5054:ff:fe5c:25bb -j ACCEPT
-j DROP
`
	mac, address, address6 = "52:54:00:5c:25:bb", "10.77.0.10", "fda8:ff80:cf18::a"
)

func TestTheGuardIsKnownAsEachEbtablesListsIt(t *testing.T) {
	before := strings.Replace(guardBehind, "-s ! 52:54", "! -s 52:54", 1)
	for name, listed := range map[string]string{"negated behind": guardBehind, "negated before": before} {
		rules := readFrames(listed).from("vnet0")
		if wrong := judgeFrames(rules, "vnet0", mac, address, address6); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
		if wrong := judgeFrames(rules, "vnet0", "52:54:00:00:00:01", address, address6); wrong == "" {
			t.Errorf("%s: it is taken for another instance's", name)
		}
	}
}
