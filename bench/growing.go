//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"holm/internal/atomicfile"
	"holm/internal/run"
)

// cost is what it takes to make something: seconds, and bytes of the file system.
type cost struct{ seconds, bytes sample }

// growing is what a place was measured to take beside one size of base.
type growing struct {
	place       string
	gb          int
	blank       cost
	clone, copy cost
	copyBy      string
}

// making measures new volumes of a place whose base is there.
func (l *lab) making(ctx context.Context, p place, gb, rounds int, copyBy string, copied cost) (growing, error) {
	g := growing{place: p.name, gb: gb, copy: copied, copyBy: copyBy}
	var blank, clone [2][]float64
	for range rounds {
		for _, way := range []struct {
			make func() error
			into *[2][]float64
		}{
			{func() error { return p.backend.Create(ctx, newID, 20) }, &blank},
			{func() error { return p.backend.Clone(ctx, baseID, newID) }, &clone},
		} {
			seconds, bytes, err := p.measure(way.make)
			err = errors.Join(err, p.backend.Remove(ctx, newID))
			if err != nil {
				return g, err
			}
			way.into[0], way.into[1] = append(way.into[0], seconds), append(way.into[1], bytes)
		}
	}
	g.blank = cost{summarize(blank[0]), summarize(blank[1])}
	g.clone = cost{summarize(clone[0]), summarize(clone[1])}
	return g, nil
}

// measure tells how long it takes to make something, and of how many bytes the file system has less afterwards.
func (p place) measure(make func() error) (seconds, bytes float64, err error) {
	if p.dir == "" {
		seconds, err = stopwatch(make)
		return seconds, 0, err
	}
	before, err := free(p.dir)
	if err != nil {
		return 0, 0, err
	}
	if seconds, err = stopwatch(make); err != nil {
		return 0, 0, err
	}
	after, err := free(p.dir)
	return seconds, max(before-after, 0), err
}

// taking measures a copy once, durable as a volume is, and deletes it.
func (l *lab) taking(ctx context.Context, p place, copyTo func(ctx context.Context, file string) error) (cost, error) {
	file := filepath.Join(p.dir, "copy")
	seconds, bytes, err := p.measure(func() error { return durable(ctx, file, copyTo) })
	if err := errors.Join(err, os.Remove(file)); err != nil {
		return cost{}, err
	}
	return cost{summarize([]float64{seconds}), summarize([]float64{bytes})}, nil
}

// converting is taking for qemu-img, whose copy stays.
func (l *lab) converting(ctx context.Context, p place, base, file string) (cost, error) {
	seconds, bytes, err := p.measure(func() error {
		return durable(ctx, file, func(ctx context.Context, file string) error {
			_, err := run.Command(ctx, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", base, file)
			return err
		})
	})
	return cost{summarize([]float64{seconds}), summarize([]float64{bytes})}, err
}

func durable(ctx context.Context, file string, make func(ctx context.Context, file string) error) error {
	if err := make(ctx, file); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), atomicfile.SyncDir(filepath.Dir(file)))
}

// rowsOf makes a table of what was measured of one file system: each size against its copy and, where blocks are shared,
// the largest against the smallest.
func rowsOf(all []growing, shares bool) []row {
	var rows []row
	first := map[string]growing{}
	last := map[string]growing{}
	var places []string
	for _, g := range all {
		if _, seen := first[g.place]; !seen {
			first[g.place] = g
			places = append(places, g.place)
		}
		last[g.place] = g
		title := fmt.Sprintf("%s, %d GB", g.place, g.gb)
		rows = append(rows,
			against("new, "+title, inSeconds, g.blank.seconds, g.copyBy, g.copy.seconds, goal{}),
			against("clone, "+title, inSeconds, g.clone.seconds, g.copyBy, g.copy.seconds, goal{}))
		if g.copy.bytes.Rounds != nil {
			rows = append(rows, against("clone, "+title, inBytes, g.clone.bytes, g.copyBy, g.copy.bytes, goal{}))
		}
	}
	for _, name := range places {
		small, large := first[name], last[name]
		if !shares || small.gb == large.gb {
			continue
		}
		rows = append(rows, against(fmt.Sprintf("clone, %s, %d GB", name, large.gb), inSeconds, large.clone.seconds,
			fmt.Sprintf("of %d GB", small.gb), small.clone.seconds, goal{Ratio: mustNotGrow}))
	}
	return rows
}
