// Command attacker runs in a guest, as root, for the table of attacks in docs/ISOLATION.md. It is no part of any image:
// the test builds it without cgo, and copies it into the guest. It sends the frames that it reads on stdin from a raw
// socket, knows frames with a mark again when it sees them, and answers on stdout; see package attack.
package main

import (
	"context"
	"fmt"
	"os"

	"holm/e2e/attack"
)

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "attacker:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: %s INTERFACE RUN", args[0])
	}
	token, err := attack.ParseRun(args[2])
	if err != nil {
		return err
	}
	wire, err := attack.Tap(args[1], token)
	if err != nil {
		return err
	}
	defer func() { _ = wire.Close() }()
	return attack.Obey(context.Background(), wire, os.Stdin, os.Stdout)
}
