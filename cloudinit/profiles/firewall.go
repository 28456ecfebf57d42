package profiles

import (
	"net/netip"

	"holm/guest/report"
	"holm/internal/nft"
)

const (
	chainIn   = "input"
	chainThru = "forward"

	sshPort = "22"
	apiPort = "6443" // of Kubernetes
	// podBridge is the interface at which the pods of a node hang, podNet k3s's default for their addresses.
	podBridge = "cni0"
)

var podNet = netip.MustParsePrefix("10.42.0.0/16")

// newRuleset lets nothing in but answers, SSH and a little ICMP, and lets everything out. It replaces all rules that
// were there.
//
// A port that a container publishes is closed to the outside like any other: it is reached through SSH, or once the host
// exposes it.
func newRuleset(profile string) nft.Ruleset {
	var r nft.Ruleset
	r.FlushAll()
	table := report.Firewall()
	r.Table(table)
	for _, protocol := range report.ExposedProtocols() {
		r.Set(table, report.ExposedSet(protocol), "inet_service")
	}
	for _, hook := range []string{chainIn, chainThru} {
		r.Chain(table, nft.Chain{Name: hook, Type: "filter", Hook: hook, Policy: "drop"})
	}
	r.Rule(table, chainIn, nft.Is("==", nft.Incoming(), "lo"), nft.Accept())
	r.Rule(table, chainIn, nft.Is("in", nft.State(), "established", "related"), nft.Accept())
	r.Rule(table, chainIn, nft.Is("in", nft.State(), "invalid"), nft.Drop())
	r.Rule(table, chainIn, nft.Is("==", nft.Field("icmp", "type"), "echo-request"), nft.AtMost(10), nft.Accept())
	r.Rule(table, chainIn, nft.Is("==", nft.Field("icmpv6", "type"), "echo-request"), nft.AtMost(10), nft.Accept())
	// Without them neighbours do not find each other. Redirects and router advertisements are not among them.
	r.Rule(table, chainIn, nft.Is("==", nft.Field("icmpv6", "type"), "nd-neighbor-solicit", "nd-neighbor-advert"), nft.Accept())
	// What the host publishes of this instance: the agent fills the sets when the host says so.
	for _, protocol := range report.ExposedProtocols() {
		r.Rule(table, chainIn, nft.Is("==", nft.Field(protocol, "dport"), "@"+report.ExposedSet(protocol)), nft.Accept())
	}
	if profile != K3s {
		// What rootless containers send is their user's slirp4netns speaking: nothing is forwarded here.
		r.Rule(table, chainIn, nft.Is("==", nft.Field("tcp", "dport"), sshPort), nft.Accept())
		return r
	}
	// Of their node, pods reach the API alone, and of that what the network policies leave.
	r.Rule(table, chainIn, nft.Is("!=", nft.Incoming(), podBridge), nft.Is("==", nft.Field("tcp", "dport"), sshPort), nft.Accept())
	r.Rule(table, chainIn, nft.Is("==", nft.Field("tcp", "dport"), apiPort), nft.Accept())
	r.Rule(table, chainThru, nft.Is("in", nft.State(), "established", "related"), nft.Accept())
	// From pods, to each other and out, as far as the network policies let them. Nobody outside begins a connection to
	// a pod, by a node port neither.
	r.Rule(table, chainThru, nft.Is("==", nft.Incoming(), podBridge), nft.Within("==", nft.Field("ip", "saddr"), podNet), nft.Accept())
	return r
}
