//go:build !man

// Command holm turns a Linux host into a provider of secure VPSs. This package is what a person types: one file a
// verb, flags, exit codes, streams and tables. What is done, and in which order, lies in the other rooms; wire.go
// puts them together.
package main

import (
	"context"
	"os"

	"holm/internal/term"
)

func main() {
	os.Exit(Main(context.Background(), os.Args[1:], term.System(os.Getenv)))
}
