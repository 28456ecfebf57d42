//go:build bench

package main

import (
	"context"
	"errors"
	"os"
)

// measurePull compares pulling an image of 100 MB from the world's registry with fetching, checking and unpacking it on the
// host.
func measurePull(ctx context.Context, l *lab, rounds int) ([]row, error) {
	d, err := l.needDay(ctx)
	if err != nil {
		return nil, err
	}
	guest := func(ctx context.Context) (float64, error) {
		took, err := stopwatch(func() error { _, err := d.sh(ctx, "docker pull -q "+large); return err })
		_, err2 := d.sh(context.WithoutCancel(ctx), "docker rmi -f "+large)
		return took, errors.Join(err, err2)
	}
	host := func(ctx context.Context) (float64, error) {
		dir, err := l.scratch("pulled")
		if err != nil {
			return 0, err
		}
		took, err := stopwatch(func() error { return d.world.Pull(ctx, large, dir) })
		return took, errors.Join(err, os.RemoveAll(dir))
	}
	s, err := alternate(ctx, rounds, l.say, guest, host)
	if err != nil {
		return nil, err
	}
	return []row{against("pull of 100 MB", inSeconds, s[0], "on the host", s[1], goal{})}, nil
}
