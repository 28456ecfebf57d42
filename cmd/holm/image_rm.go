package main

import (
	"context"

	"github.com/spf13/cobra"

	"holm/images"
	"holm/internal/fault"
	"holm/internal/term"
)

func (a *app) imageRmCommand() *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use:     "rm IMAGE...",
		Short:   "Remove images that no instance uses",
		Example: "  sudo holm image rm debian-13",
		Args:    names(1, 0, "the name or digest of an image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.removeImages(cmd.Context(), args, yes, dryRun)
		},
		ValidArgsFunction: a.completeImages(),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be removed and change nothing")
	ends(cmd, fault.NotFound, fault.Unfit, fault.Busy)
	return cmd
}

func (a *app) removeImages(ctx context.Context, refs []string, yes, dryRun bool) error {
	store, err := a.makeImages(a.settings)
	if err != nil {
		return err
	}
	var chosen []images.Manifest
	var labels []string
	err = each(ctx, refs, func(ref string) error {
		m, err := store.Get(ref)
		if err == nil {
			chosen, labels = append(chosen, m), append(labels, m.Name+" ("+m.Short()+")")
		}
		return err
	})
	if err != nil {
		return err
	}
	if dryRun {
		a.say("would remove " + listed(labels))
		return a.streams.Print(a.settings.output, a.imageResult(chosen))
	}
	if err := a.confirmed(ctx, yes, "remove "+term.Line(listed(labels))+"?"); err != nil {
		return err
	}
	// Only now: an instance may have been made while the question stood.
	p, err := a.makeProvisioner(ctx, a.settings)
	if err != nil {
		return err
	}
	err = p.Instances.WithImageUsers(ctx, func(users map[string][]string) error {
		for i, m := range chosen {
			if err := store.Remove(m.Digest, users[m.Digest]); err != nil {
				return err
			}
			a.say("removed " + labels[i])
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.settings.output == term.AsTable {
		return nil
	}
	return a.streams.Print(a.settings.output, a.imageResult(chosen))
}
