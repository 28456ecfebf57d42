package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Where dnsmasq asks for the two domains that go wrong.
const (
	brokenAt = "127.0.0.1:5301"
	silentAt = "127.0.0.1:5302"
)

// startNames serves names, over UDP and TCP.
func (w *World) startNames(ctx context.Context) error {
	broken, err := w.servers.listenPacket(ctx, brokenAt)
	if err != nil {
		return err
	}
	silent, err := w.servers.listenPacket(ctx, silentAt)
	if err != nil {
		return errors.Join(err, broken.Close())
	}
	w.silent = append(w.silent, broken, silent)
	go fail(broken)

	args := []string{
		"--keep-in-foreground", "--log-facility=-", "--log-queries", "--conf-file=/dev/null", "--pid-file=", "--user=", "--no-hosts",
		"--no-resolv", "--bind-interfaces", "--listen-address=" + NamesIPv4, "--listen-address=" + NamesIPv6, "--no-dhcp-interface=*",
		"--edns-packet-max=512", "--local-ttl=5", "--dns-forward-max=150",
		"--address=/#/", // what is not known does not exist
		"--server=/broken.example/" + strings.Replace(brokenAt, ":", "#", 1),
		"--server=/silent.example/" + strings.Replace(silentAt, ":", "#", 1),
		"--host-record=" + FourName + "," + WebIPv4,
		"--host-record=" + SixName + "," + WebIPv6,
	}
	for name, a := range map[string][2]string{
		NamesName: {NamesIPv4, NamesIPv6}, RegistryName: {RegistryIPv4, RegistryIPv6}, MirrorName: {RegistryIPv4, RegistryIPv6},
		WebName: {WebIPv4, WebIPv6}, ElseName: {WebIPv4, WebIPv6}, ClockName: {ClockIPv4, ClockIPv6}, ProxyName: {ProxyIPv4, ProxyIPv6},
		"client." + Domain: {ClientIPv4, ClientIPv6},
	} {
		args = append(args, "--host-record="+name+","+a[0]+","+a[1])
	}
	for i := range Many {
		args = append(args, fmt.Sprintf("--host-record=%s,192.0.2.%d", ManyName, i+1))
	}
	return w.serve(ctx, "names", func(ctx context.Context) error {
		for _, server := range []string{NamesIPv4, NamesIPv6} {
			r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return w.client.dial(ctx, network, net.JoinHostPort(server, "53"))
			}}
			if _, err := r.LookupHost(ctx, WebName+"."); err != nil {
				return err
			}
		}
		return nil
	}, "dnsmasq", args...)
}

// fail answers every question with SERVFAIL.
func fail(c net.PacketConn) {
	packet := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(packet)
		if err != nil {
			return
		}
		if n < 12 {
			continue
		}
		packet[2] |= 0x80    // it is an answer
		packet[3] = 0x80 | 2 // recursion is available; the server failed
		_, _ = c.WriteTo(packet[:n], from)
	}
}
