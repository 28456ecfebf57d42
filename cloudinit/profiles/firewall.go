package profiles

import "net/netip"

const (
	tableFamily = "inet"
	tableName   = "holm"
	chainIn     = "input"
	chainThru   = "forward"

	sshPort = "22"
	apiPort = "6443" // of Kubernetes
	// podBridge is the interface at which the pods of a node hang, podNet k3s's default for their addresses.
	podBridge = "cni0"
)

var podNet = netip.MustParsePrefix("10.42.0.0/16")

// newRuleset lets nothing in but answers, SSH and a little ICMP, and lets everything out. It replaces all rules that
// were there.
//
// A port that a container publishes is closed to the outside like any other: it is reached through SSH.
func newRuleset(profile string) ruleset {
	r := ruleset{}
	r.add(command{Flush: &flush{Ruleset: null}})
	r.add(command{Add: &object{Table: &table{Family: tableFamily, Name: tableName}}})
	for _, hook := range []string{chainIn, chainThru} {
		r.add(command{Add: &object{Chain: &chain{
			Family: tableFamily, Table: tableName, Name: hook, Type: "filter", Hook: hook, Policy: "drop",
		}}})
	}
	r.rule(chainIn, is("==", incoming(), "lo"), accept)
	r.rule(chainIn, is("in", state(), "established", "related"), accept)
	r.rule(chainIn, is("in", state(), "invalid"), drop)
	r.rule(chainIn, is("==", field("icmp", "type"), "echo-request"), atMost(10), accept)
	r.rule(chainIn, is("==", field("icmpv6", "type"), "echo-request"), atMost(10), accept)
	// Without them neighbours do not find each other. Redirects and router advertisements are not among them.
	r.rule(chainIn, is("==", field("icmpv6", "type"), "nd-neighbor-solicit", "nd-neighbor-advert"), accept)
	if profile != K3s {
		// What rootless containers send is their user's slirp4netns speaking: nothing is forwarded here.
		r.rule(chainIn, is("==", field("tcp", "dport"), sshPort), accept)
		return r
	}
	// Of their node, pods reach the API alone, and of that what the network policies leave.
	r.rule(chainIn, is("!=", incoming(), podBridge), is("==", field("tcp", "dport"), sshPort), accept)
	r.rule(chainIn, is("==", field("tcp", "dport"), apiPort), accept)
	r.rule(chainThru, is("in", state(), "established", "related"), accept)
	// From pods, to each other and out, as far as the network policies let them. Nobody outside begins a connection to
	// a pod, by a node port neither.
	r.rule(chainThru, is("==", incoming(), podBridge), from(podNet), accept)
	return r
}
