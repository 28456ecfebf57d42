package main

import (
	"slices"

	"github.com/spf13/cobra"

	"holm/cmd/holm/audit"
	"holm/cmd/holm/cli"
	"holm/cmd/holm/host"
	"holm/cmd/holm/image"
	"holm/cmd/holm/inside"
	"holm/cmd/holm/instance"
	"holm/cmd/holm/pool"
	"holm/cmd/holm/tenant"
)

// commands are all that holm can do, a noun at a time.
func commands(a *cli.App, n needs) []*cobra.Command {
	return slices.Concat(
		instance.Commands(a, n.instance), inside.Commands(a, n.inside), image.Commands(a, n.image), host.Commands(a, n.host),
		pool.Commands(a, n.pool), tenant.Commands(a, n.tenant), audit.Commands(a, n.audit),
	)
}
