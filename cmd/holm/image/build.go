package image

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"holm/cmd/holm/cli"
	"holm/images"
	"holm/internal/fault"
)

type buildOptions struct {
	locked, force bool
	lockFile      string
	profile       string
	k3s           k3sOptions
}

func buildCommand(a *app) *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the golden image from its lock file",
		Long: "The same lock gives the same digest on any machine. When a mirror has dropped a locked package,\n" +
			"today's is taken and the image is marked unlocked, unless --locked is given.\n\n" +
			"With --k3s the image can be a Kubernetes node, and its name ends in -k3s. The\n" +
			"program and its image bundle come from a release of k3s; what its\n" +
			"sha256sum-amd64.txt does not list is not baked in.\n\n" +
			"With --profile hypervisor it is the image of a host: libvirt, QEMU and what pools need,\n" +
			"on an ext4 that can be written. No instance can be made of it.",
		Example: "  sudo holm image build\n  sudo holm image build --locked\n  sudo holm image build --profile hypervisor\n" +
			"  sudo holm image build --k3s ./k3s --k3s-sha256 ./sha256sum-amd64.txt \\\n" +
			"      --k3s-images ./k3s-airgap-images-amd64.tar.zst",
		Args: cli.Names(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return buildImage(cmd.Context(), a, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&o.locked, "locked", false, "refuse when a locked package is gone, and name it")
	cmd.Flags().StringVar(&o.lockFile, "lock", "", "build from the lock in this `FILE` instead of holm's own")
	cmd.Flags().StringVar(&o.profile, "profile", "", "hypervisor: build the image of a host, not one of instances")
	o.k3s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.force, "force", false, "build although there is an image of this lock")
	cli.Ends(cmd, fault.Unfit, fault.Busy, fault.CheckFailed)
	return cmd
}

func buildImage(ctx context.Context, a *app, o buildOptions) error {
	lock, err := o.lock()
	if err != nil {
		return err
	}
	k3s, err := o.k3s.inputs()
	if err != nil {
		return err
	}
	store, err := a.Store()
	if err != nil {
		return err
	}
	update, end := bars(ctx, a)
	built, err := store.Build(ctx, images.BuildOptions{
		Lock: lock, Mirror: a.Mirror(), Locked: o.locked, Force: o.force, Progress: update, K3s: k3s,
		Moved: func(moves []images.Move) { sayMoved(a, moves) },
	})
	end(err == nil)
	if err != nil {
		return err
	}
	if built.Unlocked {
		a.Say("this image is unlocked: " + cli.Count(len(built.Moved), "package") + " moved; renew the lock: " + a.Command("image", "lock"))
	}
	return a.Streams.Print(a.Settings.Output, oneImage(built))
}

func sayMoved(a *app, moves []images.Move) {
	a.Say("the mirror has dropped locked packages, today's take their place:")
	for _, move := range moves {
		a.Say("  " + move.String())
	}
}

// maxLock is the longest lock file that is read, in bytes.
const maxLock = 8 << 20

func (o buildOptions) lock() (images.Lock, error) {
	if o.lockFile == "" {
		return images.ReleasedLock(o.profile)
	}
	if o.profile != "" {
		return images.Lock{}, fault.New(fault.Usage, "give one of the two", "--lock says itself which profile it is for")
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
