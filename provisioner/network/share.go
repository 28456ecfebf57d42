package network

import (
	"io/fs"
	"strconv"
	"strings"
)

// How many connections the host follows for one network.
const (
	maxFlows = 16384
	minFlows = 1024
)

// FlowShare is how many connections each of so many networks may have of all that the kernel can follow, 0 where that is not
// known: together no more than three quarters, so that the host has the rest for itself. It is a power of two: one tenant more
// seldom changes anything for the others.
func FlowShare(all, networks int) int {
	share := maxFlows
	for all > 0 && share > minFlows && share*networks > all/4*3 {
		share /= 2
	}
	return share
}

// MaxFlows is how many connections the kernel can follow; 0 where it does not say. proc is "/proc".
func MaxFlows(proc fs.FS) int {
	text, err := fs.ReadFile(proc, "sys/net/netfilter/nf_conntrack_max")
	if err != nil {
		return 0
	}
	all, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return all
}

func (n Network) flows() int {
	if n.Flows == 0 {
		return maxFlows
	}
	return n.Flows
}
