//go:build bench

package main

import (
	"context"
	"errors"
	"path/filepath"

	"holm/internal/run"
)

// measureDisk compares what a new instance takes on disk, at the moment at which it runs, with the ways in which others
// give a guest a root of its own: a full copy of the image, and an overlay on it beside a seed.
func measureDisk(ctx context.Context, l *lab, rounds int) ([]row, error) {
	fullCopy := func(ctx context.Context) (float64, error) {
		return l.sizeOf(ctx, func(ctx context.Context, dir, root string) error {
			_, err := run.Command(ctx, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", root, filepath.Join(dir, "root.qcow2"))
			return err
		})
	}
	overlay := func(ctx context.Context) (float64, error) {
		return l.sizeOf(ctx, func(ctx context.Context, dir, root string) error {
			_, err := run.Command(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-b", root, "-F", "raw",
				filepath.Join(dir, "root.qcow2"), l.diskSize())
			return err
		})
	}
	s, err := alternate(ctx, rounds, l.say, l.holmBytes, fullCopy, overlay)
	if err != nil {
		return nil, err
	}
	return []row{
		alone("disk, new instance", inBytes, s[0], goal{Most: 3 << 20}),
		against("disk, new instance", inBytes, s[0], "full copy", s[1], goal{}),
		against("disk, new instance", inBytes, s[0], "overlay and seed", s[2], goal{}),
	}, nil
}

func (l *lab) holmBytes(ctx context.Context) (size float64, err error) {
	c, err := l.beginCreate(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.abandon(ctx)) }()
	if _, err := c.untilRunning(ctx); err != nil {
		return 0, err
	}
	return allocated(c.dir)
}

// sizeOf counts the bytes of a folder with a root disk, made by makeRoot, and genisoimage's seed.
func (l *lab) sizeOf(ctx context.Context, makeRoot func(ctx context.Context, dir, root string) error) (float64, error) {
	files, err := l.scratch("files")
	if err != nil {
		return 0, err
	}
	dir, err := l.scratch("peer")
	if err != nil {
		return 0, err
	}
	spec := l.seedSpec(nil)
	paths, err := writeSeedFiles(files, spec)
	if err != nil {
		return 0, err
	}
	if err := makeRoot(ctx, dir, l.store.Path(l.image, l.image.Root)); err != nil {
		return 0, err
	}
	if err := genisoimage(ctx, filepath.Join(dir, "seed.iso"), paths); err != nil {
		return 0, err
	}
	return allocated(dir)
}
