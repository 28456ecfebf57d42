package networks

import (
	"context"

	"holm/internal/nft"
	"holm/provisioner/network"
)

// Firewall is the packet filter of the host. Implementation: network.Firewall.
type Firewall interface {
	// Apply carries out all commands of the ruleset or none.
	Apply(ctx context.Context, r nft.Ruleset) error
	// Settle has the rest of the kernel follow a network's rules, which are in force: it forwards, and connections from before
	// go by what is published now. It is to be called again when the network has been made.
	Settle(ctx context.Context, n network.Network, guests []network.Guest) error
	// Look compares what the kernel has of each network's rules with what it is to have, in that order. It changes nothing.
	Look(ctx context.Context, all []network.Wanted) ([]network.Walls, error)
}
