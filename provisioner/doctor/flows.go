package doctor

import (
	"context"
	"strconv"

	"holm/provisioner/network"
)

// What the kernel says of the connections that it follows.
const (
	flowsMax  = "/proc/sys/net/netfilter/nf_conntrack_max"
	flowsHere = "/proc/sys/net/netfilter/nf_conntrack_count"
)

// checkFlows asks whether the kernel can follow the connections of all tenants: who comes when its table is full is dropped, whose
// ever it is, the host's own too. holm divides three quarters of it among the networks, as long as that is enough to be of use.
func checkFlows(_ context.Context, e *env) Result {
	most, err := strconv.Atoi(e.value(flowsMax))
	if err != nil || most <= 0 {
		return ok("no connections are followed yet: there are no networks")
	}
	networks := max(1, len(e.bridges()))
	share := network.FlowShare(most, networks)
	need := 2 * networks * share
	mend := "echo net.netfilter.nf_conntrack_max=" + strconv.Itoa(need) + " >> /etc/sysctl.d/99-holm.conf && sysctl --system"
	here, _ := strconv.Atoi(e.value(flowsHere)) // 0 is little
	switch {
	case share*networks > most/4*3:
		return warn(mend, "%d networks may have %d connections each, and the kernel follows %d: tenants can fill its table together",
			networks, share, most)
	case here > most/10*9:
		return warn("echo net.netfilter.nf_conntrack_max="+strconv.Itoa(2*most)+" >> /etc/sysctl.d/99-holm.conf && sysctl --system",
			"the kernel follows %d connections of %d: it is about to drop new ones, the host's too", here, most)
	}
	return ok("%d connections can be followed, %d of them of each of %d networks", most, share, networks)
}
