package network

import (
	"net"
)

// Wired are the hardware addresses that there are on this host: those of its interfaces, and of the guests behind them. libvirt gives
// the host's end of a guest's card the guest's own, but for the first byte.
func Wired() map[string]bool {
	const hostsEnd, guests = 0xfe, 0x52
	links, err := net.Interfaces()
	if err != nil {
		return nil // what is random is seldom somebody's
	}
	all := map[string]bool{}
	for _, l := range links {
		if len(l.HardwareAddr) != 6 {
			continue
		}
		all[l.HardwareAddr.String()] = true
		if mac := append(net.HardwareAddr{guests}, l.HardwareAddr[1:]...); l.HardwareAddr[0] == hostsEnd {
			all[mac.String()] = true
		}
	}
	return all
}
