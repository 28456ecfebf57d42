package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"holm/internal/fault"
)

// settings is where the kernel's are.
const settings = "/proc/sys/net"

// Settle has the rest of the kernel follow the rules of a network, which are in force by now: it forwards again if somebody
// has told it not to, it carries what the host sends from its 127.0.0.1 as long as a port is published, and connections go
// by what is published now. It changes nothing as long as the network's bridge is not there.
func (Firewall) Settle(ctx context.Context, n Network, guests []Guest) error {
	if _, err := os.Stat(filepath.Join(settings, "ipv4/conf", n.Bridge)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	published := "0"
	for _, g := range guests {
		if len(g.Exposed) > 0 {
			published = "1"
		}
	}
	err := errors.Join(
		set("ipv4/ip_forward", "1"),
		set("ipv4/conf/"+n.Bridge+"/route_localnet", published),
	)
	if n.Subnet6.IsValid() {
		err = errors.Join(err, set("ipv6/conf/all/forwarding", "1"))
	}
	if err != nil {
		return fault.New(fault.Unfit, "see: holm doctor", "the kernel's settings for network %q: %w", n.Name, err)
	}
	here, err := net.InterfaceAddrs()
	if err != nil {
		return fmt.Errorf("the host's addresses: %w", err)
	}
	return endFlows(ctx, stale(n, guests, addresses(here)))
}

// set writes a setting that is another.
func set(name, value string) error {
	path := filepath.Join(settings, name)
	have, err := os.ReadFile(path)
	if err != nil || strings.TrimSpace(string(have)) == value {
		return err
	}
	return os.WriteFile(path, []byte(value), 0o600) // it is there, and keeps its mode
}

func addresses(list []net.Addr) map[netip.Addr]bool {
	all := map[netip.Addr]bool{}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all[p.Addr()] = true
		}
	}
	return all
}
