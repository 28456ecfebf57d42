package image

import (
	"context"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
)

func rmCommand(a *app) *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:     "rm IMAGE...",
		Short:   "Remove images that no instance uses",
		Example: "  sudo holm image rm debian-13",
		Args:    cli.Names(1, 0, "the name or digest of an image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return removeImages(cmd.Context(), a, args, yes, dryRun)
		},
		ValidArgsFunction: completeImages(a),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be removed and change nothing")
	cli.Ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func removeImages(ctx context.Context, a *app, refs []string, yes, dryRun bool) error {
	store, err := a.Store()
	if err != nil {
		return err
	}
	var chosen []images.Manifest
	var digests, labels []string
	err = cli.Each(ctx, refs, func(ref string) error {
		m, err := store.Get(ref)
		if err == nil {
			chosen, digests, labels = append(chosen, m), append(digests, m.Digest), append(labels, m.Name+" ("+m.Short()+")")
		}
		return err
	})
	if err != nil {
		return err
	}
	if dryRun {
		a.Say("would remove " + cli.Listed(labels))
		return a.Streams.Print(a.Settings.Output, imageResult(chosen))
	}
	if err := a.Confirmed(ctx, yes, "remove "+term.Line(cli.Listed(labels))+"?"); err != nil {
		return err
	}
	// Only now: an instance may have been made while the question stood.
	p, err := a.Open(ctx)
	if err != nil {
		return err
	}
	next := 0
	err = p.Remover.Remove(ctx, digests, func(string) {
		a.Say("removed " + labels[next])
		next++
	})
	if err != nil {
		return err
	}
	if a.Settings.Output == term.AsTable {
		return nil
	}
	return a.Streams.Print(a.Settings.Output, imageResult(chosen))
}
