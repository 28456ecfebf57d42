package profiles

import "slices"

// newSysctls is the kernel's settings for a profile. They follow the recommendations of the Kernel Self-Protection
// Project (KSPP) and lynis' default profile; where a profile of containers has to differ, its own table says why.
// Every key is one that Debian 13's cloud kernel has: the guest agent stops at one that is missing.
//
// kernel.modules_disabled is not among them: the agent sets it once the profile is up.
func newSysctls(profile string) []sysctl {
	settings := slices.Concat(kernelSysctls(), fileSysctls(), networkSysctls())
	switch profile {
	case Docker:
		return append(settings, dockerSysctls()...)
	case K3s:
		return append(settings, k3sSysctls()...)
	default:
		return append(settings, plainSysctls()...)
	}
}

func kernelSysctls() []sysctl {
	return []sysctl{
		{"dev.tty.ldisc_autoload", "0", "no user has an old line discipline loaded"},
		{"dev.tty.legacy_tiocsti", "0", "no process types into the terminal of another"},
		{"kernel.core_pattern", "|/bin/false", "core dumps hold secrets; a pipe ends them in containers, too"},
		{"kernel.core_uses_pid", "1", "lynis; nothing comes of it beside the pattern"},
		{"kernel.dmesg_restrict", "1", "the kernel's log tells where its memory lies"},
		{"kernel.io_uring_disabled", "2", "a rich source of holes past seccomp; programs fall back to epoll"},
		{"kernel.kexec_load_disabled", "1", "an instance's kernel is its image's, and no other"},
		{"kernel.kptr_restrict", "2", "addresses of the kernel are nobody's business, root's neither"},
		{"kernel.panic_on_oops", "1", "a kernel that has tripped may be in somebody's hands; the host sees it stop"},
		{"kernel.perf_event_paranoid", "3", "perf is for root; 3 is Debian's own level"},
		{"kernel.randomize_va_space", "2", "addresses of stack, libraries and heap differ each time"},
		{"kernel.sysrq", "0", "nobody at the serial console, and no process, commands the kernel"},
		{"kernel.unprivileged_bpf_disabled", "1", "only root loads BPF, until the next boot"},
		// 3 would take strace from root as well, who can read all memory otherwise, and gain nothing against others.
		{"kernel.yama.ptrace_scope", "2", "a process reads no other's memory; only who may trace all may trace"},
		{"net.core.bpf_jit_harden", "2", "what the BPF compiler makes is blinded, root's too"},
		{"vm.mmap_min_addr", "65536", "a null pointer of the kernel leads nowhere"},
		{"vm.mmap_rnd_bits", "32", "as much chance in addresses as x86-64 has room for"},
		{"vm.mmap_rnd_compat_bits", "16", "the same for 32-bit programs"},
		{"vm.unprivileged_userfaultfd", "0", "no user stops the kernel in the middle of a copy"},
	}
}

func fileSysctls() []sysctl {
	return []sysctl{
		{"fs.protected_fifos", "2", "nobody lays a pipe for others into /tmp"},
		{"fs.protected_hardlinks", "1", "no hard links to files of others"},
		{"fs.protected_regular", "2", "nobody lays a file for others into /tmp"},
		{"fs.protected_symlinks", "1", "no traps of symbolic links in /tmp"},
		{"fs.suid_dumpable", "0", "a setuid program leaves no core dump"},
	}
}

// networkSysctls hold in any order: the agent sets ip_forward when it has that value already, or, for k3s, when
// accept_redirects becomes 0 by it anyway.
func networkSysctls() []sysctl {
	settings := []sysctl{
		{"net.ipv4.icmp_echo_ignore_broadcasts", "1", "an instance amplifies nobody's flood"},
		{"net.ipv4.icmp_ignore_bogus_error_responses", "1", "no log full of what others get wrong"},
		{"net.ipv4.ping_group_range", "0 2147483647", "everybody may ping: the program has no privilege of its own"},
		{"net.ipv4.tcp_rfc1337", "1", "a late packet does not end another connection"},
		{"net.ipv4.tcp_syncookies", "1", "a flood of half-open connections keeps nobody out"},
		{"net.ipv6.conf.all.forwarding", "0", "no profile routes IPv6"},
	}
	// "all" is for the interfaces that are there, "default" for those that come.
	for _, which := range []string{"all", "default"} {
		v4, v6 := "net.ipv4.conf."+which+".", "net.ipv6.conf."+which+"."
		settings = append(settings,
			sysctl{v4 + "accept_redirects", "0", "nobody on the network changes a route"},
			sysctl{v4 + "accept_source_route", "0", "a packet does not choose its way"},
			sysctl{v4 + "log_martians", "1", "packets from impossible addresses are worth a line"},
			// Strict for k3s, too: pods hang at one bridge, and answers go back where questions came from.
			sysctl{v4 + "rp_filter", "1", "an address comes from where it lies"},
			sysctl{v4 + "secure_redirects", "0", "the gateway does not change a route either"},
			sysctl{v4 + "send_redirects", "0", "an instance is nobody's router"},
			sysctl{v6 + "accept_ra", "0", "addresses and routes are the seed's"},
			sysctl{v6 + "accept_redirects", "0", "nobody on the network changes a route"},
			sysctl{v6 + "accept_source_route", "0", "a packet does not choose its way"},
		)
	}
	return settings
}

func plainSysctls() []sysctl {
	return []sysctl{
		{"kernel.unprivileged_userns_clone", "0", "without containers nobody needs to be root in a namespace"},
		{"net.ipv4.ip_forward", "0", "nothing to route"},
	}
}

// dockerSysctls: forwarding between containers happens in the network namespace of their user, whose setting is its
// own. KSPP's "no user namespaces" cannot hold: rootless Docker is made of them, and is worth more.
func dockerSysctls() []sysctl {
	return []sysctl{
		{"kernel.unprivileged_userns_clone", "1", "rootless Docker's root is one in a user namespace"},
		{"net.ipv4.ip_forward", "0", "what containers send is their user's own traffic here"},
		// Rootless Docker publishes as its user. What is below 80, SSH's port first of all, stays root's.
		{"net.ipv4.ip_unprivileged_port_start", "80", "containers publish 80 and 443: the whole machine is their owner's"},
	}
}

// k3sSysctls: the kubelet runs with protect-kernel-defaults and does not start unless its six settings are these.
func k3sSysctls() []sysctl {
	return []sysctl{
		{"kernel.keys.root_maxbytes", "25000000", "kubelet: each pod's containers have keyrings"},
		{"kernel.keys.root_maxkeys", "1000000", "kubelet: the same"},
		{"kernel.panic", "10", "kubelet: seconds until a node that has panicked starts anew"},
		{"kernel.unprivileged_userns_clone", "0", "pods have user namespaces only from the kubelet, which is root"},
		{"net.bridge.bridge-nf-call-iptables", "1", "network policies hold between the pods of one node"},
		{"net.ipv4.ip_forward", "1", "the node routes for its pods; the firewall says for whom"},
		{"vm.overcommit_memory", "1", "kubelet: pods are bounded by their limits, not by what they reserve"},
		{"vm.panic_on_oom", "0", "kubelet: a pod that is too big dies alone"},
	}
}
