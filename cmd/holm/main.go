//go:build !man

// Command holm turns a Linux host into a provider of secure VPSs. This package puts the rooms behind the commands, which
// lie in folders by noun; what they share is in cli. What is done, and in which order, lies in the other rooms.
package main

import (
	"context"
	"os"

	"holm/cmd/holm/cli"
	"holm/internal/term"
)

func main() {
	os.Exit(run(context.Background(), cli.New(term.System(os.Getenv), os.Getenv, version), os.Args[1:]))
}

// run executes one command line, without the program's name, and returns the exit code.
func run(ctx context.Context, a *cli.App, args []string) int {
	return a.Run(ctx, args, commands(a, wire(a))...)
}
