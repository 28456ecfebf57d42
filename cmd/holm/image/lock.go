package image

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/images"
	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/term"
)

func lockCommand(a *app) *cobra.Command {
	var profile string
	cmd := &cobra.Command{
		Use:     "lock [FILE]",
		Short:   "Lock the golden image to today's packages",
		Long:    "The lock is written to FILE, which is replaced as a whole, or printed.",
		Example: "  sudo holm image lock ./debian-13.lock\n  sudo holm image build --lock ./debian-13.lock",
		Args:    cli.Names(0, 1, "one file at most"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return lockImage(cmd.Context(), a, profile, args)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "", "hypervisor: lock the image of a host, not the one of instances")
	cli.Ends(cmd, fault.Unfit)
	return cmd
}

func lockImage(ctx context.Context, a *app, profile string, files []string) error {
	old, err := images.ReleasedLock(profile)
	if err != nil {
		return err
	}
	update, end := bars(ctx, a)
	update("package lists", 0, 0)
	lock, err := a.Renew(ctx, old, a.Now().UTC().Truncate(24*time.Hour))
	end(err == nil)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return lock.Write(a.Streams.Out)
	}
	if err := atomicfile.Write(files[0], 0o644, lock.Write); err != nil {
		return fmt.Errorf("cannot write the lock: %w", err)
	}
	a.Say("wrote " + term.Line(files[0]))
	return nil
}
