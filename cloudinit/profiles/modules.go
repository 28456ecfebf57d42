package profiles

import "slices"

// modules says which kernel modules the agent loads, and whether the kernel takes no other once the profile is up.
// modprobe finds what each of them needs.
type modules struct {
	Load []string `json:"load"`
	Lock bool     `json:"lock"`
}

// newModules names all that a profile will ever need: what is not here cannot be had in a running instance.
func newModules(profile string) modules {
	load := []string{"nf_conntrack", "nf_tables", "nft_ct", "nft_limit"} // the firewall
	switch profile {
	case Docker:
		load = append(load, dockerModules()...)
	case K3s:
		load = append(load, k3sModules()...)
	}
	slices.Sort(load)
	return modules{Load: slices.Compact(load), Lock: true}
}

// containerModules are for layered images, a network of containers, and Debian's iptables, which is nftables beneath.
func containerModules() []string {
	return []string{
		"overlay", "veth", "bridge",
		"br_netfilter", // rules hold between the containers of one bridge, too
		"nft_compat", "nft_chain_nat", "nf_conntrack_netlink",
		"xt_MASQUERADE", "xt_addrtype", "xt_conntrack", "xt_nat", "xt_tcpudp",
	}
}

// dockerModules adds the device that slirp4netns gives the user's network namespace. What macvlan, ipvlan and overlay
// networks want is not there: rootless Docker has no use for them.
func dockerModules() []string { return append(containerModules(), "tun") }

// k3sModules adds what kube-proxy, the controller of network policies and the port mapper match by. There is no vxlan:
// one node has no tunnel.
func k3sModules() []string {
	return append(containerModules(),
		"ip_set", "ip_set_hash_ip", "ip_set_hash_net", "xt_set",
		"xt_comment", "xt_limit", "xt_mark", "xt_multiport", "xt_physdev", "xt_recent", "xt_statistic",
		"ipt_REJECT", "nfnetlink_log", "xt_NFLOG",
	)
}
