// Package guestlink is the dialogue with the agent in a guest. What comes from there is a claim: it is held to its forms,
// and accepted only where it
// agrees with what is known.
package guestlink

import (
	"holm/provisioner/environment"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
)

// Link puts questions to guests.
type Link struct {
	Operations *operations.Service
	Networks   *networks.Service
	Parts      *parts.Parts
	// Network is the host's own.
	Network network.Network
	// Resolver looks at the host's own resolver.
	Resolver func() environment.Resolver
}
