//go:build bench

package main

import (
	"context"
	"errors"

	"holm/internal/run"
)

// copyID is the volume into which a base is copied.
const copyID = "0123456789ac"

// sizesThin measures the thin pool. Which of its bytes a clone takes, LVM does not tell.
func (l *lab) sizesThin(ctx context.Context, p place, sizes []int, rounds int) (rows []row, err error) {
	clear := func() error {
		last := context.WithoutCancel(ctx)
		var failed []error
		for _, id := range []string{newID, copyID, baseID} {
			failed = append(failed, p.backend.Remove(last, id))
		}
		return errors.Join(failed...)
	}
	if err := clear(); err != nil { // what a killed run left
		return nil, err
	}
	defer func() { err = errors.Join(err, clear()) }()
	var all []growing
	for _, gb := range sizes {
		base, copied := p.backend.Disk(baseID).Path, p.backend.Disk(copyID).Path
		if err := errors.Join(p.backend.Create(ctx, baseID, gb, nil), p.backend.Create(ctx, copyID, gb, nil)); err != nil {
			return nil, err
		}
		if err := writeBase(ctx, base, gb); err != nil {
			return nil, err
		}
		took, err := stopwatch(func() error {
			_, err := run.Command(ctx, "dd", "if="+base, "of="+copied, "bs=1M", "conv=fsync", "status=none")
			return err
		})
		if err != nil {
			return nil, err
		}
		g, err := l.making(ctx, p, gb, rounds, "dd", cost{seconds: summarize([]float64{took})})
		if err := errors.Join(err, clear()); err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return rowsOf(all, true), nil
}
