package doctor

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holm/provisioner/network"
)

// The kernel's settings that decide whether it passes packets on.
const (
	forward4  = "/proc/sys/net/ipv4/ip_forward"
	forward6  = "/proc/sys/net/ipv6/conf/all/forwarding"
	bridgeNF4 = "/proc/sys/net/bridge/bridge-nf-call-iptables"
)

// checkForwarding asks whether packets get through this host, to instances and from them. What holm's own rules accept, any
// other table may still drop: an accept ends one table's judgement alone.
func checkForwarding(ctx context.Context, e *env) Result {
	bridges := e.bridges()
	for path, ipv6 := range map[string]bool{forward4: false, forward6: true} {
		if ipv6 && network.WhyNotIPv6(os.DirFS(e.path("/proc"))) != "" {
			continue
		}
		// Before there is a network nobody needs it, and libvirt sets it when one starts.
		if e.value(path) == "0" && len(bridges) > 0 {
			key := strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".")
			return fail("echo "+key+"=1 >> /etc/sysctl.d/99-holm.conf && sysctl --system",
				"%s is 0: no packet gets to an instance or away from it", key)
		}
	}
	if !slices.Contains(bridges, e.Bridge) {
		bridges = append(bridges, e.Bridge)
	}
	text, err := e.Probes.Ruleset(ctx)
	if err != nil {
		return warn("sudo holm doctor", "the rules of other firewalls were not read: %v", err)
	}
	rules, err := parseRules(text)
	if err != nil {
		return warn("nft list ruleset", "the rules of other firewalls cannot be understood: %v", err)
	}
	if chain, dropped := rules.drops(bridges); chain != nil {
		return fail(rules.mend(*chain, dropped), "chain %s of table %s %s drops what goes to and from instances at %s",
			chain.Name, chain.Family, chain.Table, strings.Join(dropped, ", "))
	}
	if e.value(bridgeNF4) == "1" {
		return warn("sysctl -w net.bridge.bridge-nf-call-iptables=0   # unless Docker or Kubernetes needs it on this host",
			"packets get through; but bridges hand frames to iptables, and no instance reaches itself by the host's address")
	}
	return ok("packets get through to instances, and from them")
}

// bridges are those of holm's that there are: the host's own, and its tenants'.
func (e *env) bridges() (found []string) {
	links, err := os.ReadDir(e.path("/sys/class/net"))
	if err != nil {
		return nil
	}
	for _, l := range links {
		name := l.Name()
		if (name == e.Bridge || strings.HasPrefix(name, "holm-")) && e.exists(filepath.Join("/sys/class/net", name, "bridge")) {
			found = append(found, name)
		}
	}
	return found
}
