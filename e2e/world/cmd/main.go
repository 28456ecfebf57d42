// Command world holds up a world to try holm in by hand, until it is interrupted: see hack/world.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"holm/e2e/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := hold(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "world:", err)
		os.Exit(1)
	}
}

// hold makes the world, leaves its certificate in the folder that the one argument names, and waits.
func hold(ctx context.Context, args []string) error {
	if len(args) < 1 || len(args) > 2 || (len(args) == 2 && args[1] != "images") {
		return fmt.Errorf("usage: world FOLDER [images]")
	}
	w, err := world.Up(ctx)
	if err != nil {
		return err
	}
	ca := filepath.Join(args[0], "ca.pem")
	if len(args) == 2 {
		_, err = w.Stock(ctx)
	}
	if err == nil {
		err = os.WriteFile(ca, w.CA, 0o644) //nolint:gosec // a certificate is public
	}
	if err == nil {
		fmt.Println("ready")
		<-ctx.Done()
	}
	if down := w.Down(context.WithoutCancel(ctx)); err == nil {
		err = down
	}
	return err
}
