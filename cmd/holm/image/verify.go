package image

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/internal/fault"
	"holm/internal/term"
)

func verifyCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify IMAGE",
		Short:   "Read an image from end to end and compare it with its digest",
		Example: "  sudo holm image verify debian-13",
		Args:    cli.Names(1, 1, "the name or digest of an image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verifyImage(cmd.Context(), a, args[0])
		},
		ValidArgsFunction: completeImages(a),
	}
	cli.Ends(cmd, fault.NotFound, fault.CheckFailed)
	return cmd
}

func verifyImage(ctx context.Context, a *app, ref string) error {
	store, err := a.Store()
	if err != nil {
		return err
	}
	m, err := store.Get(ref)
	if err != nil {
		return err
	}
	update, end := bars(ctx, a)
	err = store.Verify(ctx, m.Digest, func(done, total int64) { update(m.Name, done, total) })
	end(err == nil)
	if _, known := errors.AsType[*fault.Error](err); err != nil && !known && ctx.Err() == nil {
		return fault.New(fault.CheckFailed, "remove it and build it again: "+a.Command("image", "rm", m.Short()),
			"image %s is not what its digest says: %w", m.Name, err)
	}
	if err != nil {
		return err
	}
	var f term.Fields
	f.Add(m.Name, term.Cell{Text: "whole", Tone: term.Good})
	f.Add("digest", term.Text(m.Digest))
	return a.Streams.Print(a.Settings.Output, term.Result{
		Document: v1.ImageVerdict{Name: m.Name, Digest: m.Digest, Whole: true}, People: f, Names: []string{m.Digest},
	})
}
