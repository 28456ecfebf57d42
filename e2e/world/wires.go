package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"holm/internal/run"
)

// The namespaces, and the host's end of the cable. Whatever has one of these names is the world's.
const (
	routerSpace  = "holm-world-router"
	serversSpace = "holm-world-servers"
	clientSpace  = "holm-world-client"
	cable        = "holm-world"
)

func lay(ctx context.Context) error {
	lines := []string{
		"ip netns add " + routerSpace,
		"ip netns add " + serversSpace,
		"ip netns add " + clientSpace,
		"ip link add " + cable + " type veth peer name up0 netns " + routerSpace,
		"ip address add " + HostIPv4 + "/30 dev " + cable,
		"ip -6 address add " + HostIPv6 + "/64 dev " + cable + " nodad",
		"ip link set " + cable + " up",
		"ip route add " + NetIPv4 + " via " + RouterIPv4,
		"ip -6 route add " + NetIPv6 + " via " + RouterIPv6,

		in(routerSpace, "address add "+RouterIPv4+"/30 dev up0"),
		in(routerSpace, "-6 address add "+RouterIPv6+"/64 dev up0 nodad"),
		in(routerSpace, "link set up0 up"),
		in(routerSpace, "route add default via "+HostIPv4),
		in(routerSpace, "-6 route add default via "+HostIPv6),
		in(routerSpace, "link add lan0 type bridge"),
		in(routerSpace, "address add "+gatewayIPv4+"/25 dev lan0"),
		in(routerSpace, "-6 address add "+gatewayIPv6+"/64 dev lan0 nodad"),
		in(routerSpace, "link set lan0 up"),
		"ip netns exec " + routerSpace + " sysctl -qw net.ipv4.ip_forward=1",
		"ip netns exec " + routerSpace + " sysctl -qw net.ipv6.conf.all.forwarding=1",
		"ip netns exec " + serversSpace + " sysctl -qw net.ipv4.ip_unprivileged_port_start=0", // they run as nobody
	}
	lines = append(lines, machine(serversSpace, "servers0", [][2]string{
		{NamesIPv4, NamesIPv6}, {RegistryIPv4, RegistryIPv6}, {WebIPv4, WebIPv6}, {ClockIPv4, ClockIPv6}, {ProxyIPv4, ProxyIPv6},
	})...)
	lines = append(lines, machine(clientSpace, "client0", [][2]string{{ClientIPv4, ClientIPv6}})...)
	for _, line := range lines {
		words := strings.Fields(line)
		if _, err := run.Command(ctx, words[0], words[1:]...); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func in(space, line string) string { return "ip -n " + space + " " + line }

// machine plugs a namespace with these addresses into the router.
func machine(space, plug string, addresses [][2]string) []string {
	lines := []string{
		in(space, "link set lo up"),
		in(space, "link add eth0 type veth peer name "+plug+" netns "+routerSpace),
		in(space, "link set eth0 up"),
		in(routerSpace, "link set "+plug+" master lan0 up"),
	}
	for _, a := range addresses {
		lines = append(lines, in(space, "address add "+a[0]+"/25 dev eth0"), in(space, "-6 address add "+a[1]+"/64 dev eth0 nodad"))
	}
	return append(lines, in(space, "route add default via "+gatewayIPv4), in(space, "-6 route add default via "+gatewayIPv6))
}

// SetMTU sets how large a packet may be, in bytes, on the cable between the host and the world: 1500 at first. Unless told
// is set, the router drops what is too large without a word (no ICMP "fragmentation needed", no "packet too big").
func (w *World) SetMTU(ctx context.Context, bytes int, told bool) error {
	mtu := strconv.Itoa(bytes)
	lines := []string{
		"ip link set " + cable + " mtu " + mtu, in(routerSpace, "link set up0 mtu "+mtu),
		"ip netns exec " + routerSpace + " nft add table inet silence",
		"ip netns exec " + routerSpace + " nft delete table inet silence",
	}
	if !told {
		nft := "ip netns exec " + routerSpace + " nft "
		lines = append(lines, nft+"add table inet silence",
			nft+"add chain inet silence out { type filter hook output priority 0 ; }",
			nft+"add rule inet silence out icmp type destination-unreachable icmp code frag-needed drop",
			nft+"add rule inet silence out icmpv6 type packet-too-big drop")
	}
	for _, line := range lines {
		words := strings.Fields(line)
		if _, err := run.Command(ctx, words[0], words[1:]...); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	// What a machine has learnt of the path before is no longer so.
	for _, space := range []string{serversSpace, clientSpace} {
		for _, family := range []string{"-4", "-6"} {
			if _, err := run.Command(ctx, "ip", family, "-n", space, "route", "flush", "cache"); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep removes a world, whole or in part: processes, namespaces, the cable, its files.
func sweep(ctx context.Context, dir string) error {
	listed, err := run.Command(ctx, "ip", "netns", "list")
	if err != nil {
		return err
	}
	var errs []error
	for line := range strings.Lines(string(listed)) {
		name := strings.Fields(line + " -")[0]
		if name != routerSpace && name != serversSpace && name != clientSpace {
			continue
		}
		pids, err := run.Command(ctx, "ip", "netns", "pids", name)
		errs = append(errs, err)
		for pid := range strings.FieldsSeq(string(pids)) {
			if n, err := strconv.Atoi(pid); err == nil && n > 1 && n != os.Getpid() {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
		_, err = run.Command(ctx, "ip", "netns", "del", name)
		errs = append(errs, err)
	}
	// The kernel takes its time to remove a namespace, and the cable with it.
	if _, err := os.Stat("/sys/class/net/" + cable); err == nil {
		if _, err := run.Command(ctx, "ip", "link", "del", cable); err != nil && !strings.Contains(err.Error(), "Cannot find device") {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, os.RemoveAll(dir))...)
}
