package doctor

import (
	"fmt"
	"path/filepath"
	"testing"
)

func TestFlows(t *testing.T) {
	has := func(most, here string, networks int) func(*host) {
		return func(h *host) {
			h.write(flowsMax, most)
			h.write(flowsHere, here)
			for i := range networks {
				h.write(filepath.Join("/sys/class/net", fmt.Sprintf("holm-%08x", i), "bridge/bridge_id"), "")
			}
		}
	}
	play(t, "flows", []scene{
		{"no networks yet", func(h *host) { h.remove(flowsMax) }, OK, "no connections are followed yet: there are no networks", ""},
		{"few networks", has("262144", "12", 3), OK, "262144 connections can be followed, 16384 of them of each of 3 networks", ""},
		{"many networks", has("262144", "12", 100), OK, "262144 connections can be followed, 1024 of them of each of 100 networks", ""},
		{
			"more than it can divide", has("65536", "12", 100), Warn,
			"100 networks may have 1024 connections each, and the kernel follows 65536: tenants can fill its table together",
			"echo net.netfilter.nf_conntrack_max=204800 >> /etc/sysctl.d/99-holm.conf && sysctl --system",
		},
		{
			"a table that is nearly full", has("65536", "65000", 1), Warn,
			"the kernel follows 65000 connections of 65536: it is about to drop new ones, the host's too",
			"echo net.netfilter.nf_conntrack_max=131072 >> /etc/sysctl.d/99-holm.conf && sysctl --system",
		},
	})
}
