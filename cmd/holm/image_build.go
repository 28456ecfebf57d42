package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"holm/images"
	"holm/internal/fault"
)

type buildOptions struct {
	locked, force bool
	lockFile      string
}

func (a *app) imageBuildCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the golden image from its lock file",
		Long: "The same lock gives the same digest on any machine. When a mirror has dropped a locked package,\n" +
			"today's is taken and the image is marked unlocked, unless --locked is given.",
		Example: "  sudo holm image build\n  sudo holm image build --locked",
		Args:    names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.buildImage(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&o.locked, "locked", false, "refuse when a locked package is gone, and name it")
	cmd.Flags().StringVar(&o.lockFile, "lock", "", "build from the lock in this `FILE` instead of holm's own")
	cmd.Flags().BoolVar(&o.force, "force", false, "build although there is an image of this lock")
	ends(cmd, fault.Unfit, fault.Busy)
	return cmd
}

func (a *app) buildImage(ctx context.Context, o buildOptions) error {
	lock, err := o.lock()
	if err != nil {
		return err
	}
	store, err := a.makeImages(a.settings)
	if err != nil {
		return err
	}
	update, end := a.bars(ctx)
	built, err := store.Build(ctx, images.BuildOptions{
		Lock: lock, Mirror: hostMirror(), Locked: o.locked, Force: o.force, Progress: update, Moved: a.sayMoved,
	})
	end(err == nil)
	if err != nil {
		return err
	}
	if built.Unlocked {
		a.say("this image is unlocked: " + count(len(built.Moved), "package") + " moved; renew the lock: " + a.command("image", "lock"))
	}
	return a.streams.Print(a.settings.output, oneImage(built))
}

func (a *app) sayMoved(moves []images.Move) {
	a.say("the mirror has dropped locked packages, today's take their place:")
	for _, move := range moves {
		a.say("  " + move.String())
	}
}

// maxLock is the longest lock file that is read, in bytes.
const maxLock = 8 << 20

func (o buildOptions) lock() (images.Lock, error) {
	if o.lockFile == "" {
		return images.DefaultLock()
	}
	f, err := os.Open(o.lockFile) // #nosec G304 -- the caller names the file, and may read it as whoever runs holm
	if err != nil {
		return images.Lock{}, fault.New(fault.Usage, "write one with: holm image lock FILE", "--lock: %w", err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxLock))
	if err != nil {
		return images.Lock{}, fault.New(fault.Usage, "write one with: holm image lock FILE", "--lock: %w", err)
	}
	return images.ParseLock(content)
}
