package report

import "holm/internal/nft"

// Port is one of the guest's.
type Port struct {
	Protocol string `json:"protocol"` // one of ExposedProtocols
	Number   uint16 `json:"number"`
}

// ExposedProtocols are those of which ports can be published.
func ExposedProtocols() []string { return []string{"tcp", "udp"} }

// Firewall is the table of the guest's own rules, which the seed brings.
func Firewall() nft.Table { return nft.Table{Family: "inet", Name: "holm"} }

// ExposedSet is the set in it of the ports that are let in because the host publishes them.
func ExposedSet(protocol string) string { return "exposed-" + protocol }
