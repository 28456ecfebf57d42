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

// making measures new volumes of a place whose base is there. A clone that copies is made once.
func (l *lab) making(ctx context.Context, p place, gb, rounds int, copyBy string, copied cost) (growing, error) {
	g := growing{place: p.name, gb: gb, copy: copied, copyBy: copyBy}
	var err error
	if g.blank, err = p.times(ctx, rounds, func() error { return p.backend.Create(ctx, newID, 20, nil) }); err != nil {
		return g, err
	}
	if p.dir != "" && !p.own {
		rounds = 1
	}
	g.clone, err = p.times(ctx, rounds, func() error { return p.backend.Clone(ctx, baseID, newID) })
	return g, err
}

// times makes a volume so many times, and removes it again.
func (p place) times(ctx context.Context, rounds int, make func() error) (cost, error) {
	var seconds, bytes []float64
	for range rounds {
		took, more, err := p.measure(make)
		if err := errors.Join(err, p.backend.Remove(ctx, newID)); err != nil {
			return cost{}, err
		}
		seconds, bytes = append(seconds, took), append(bytes, more)
	}
	return cost{summarize(seconds), summarize(bytes)}, nil
}

// measure tells how long it takes to make something, and how many bytes more are in use afterwards.
func (p place) measure(make func() error) (seconds, bytes float64, err error) {
	before, err := p.used()
	if err != nil {
		return 0, 0, err
	}
	if seconds, err = stopwatch(make); err != nil {
		return 0, 0, err
	}
	after, err := p.used()
	return seconds, max(after-before, 0), err
}

// used is how many bytes are taken: of a file system of its own all that is not free, as blocks that files share would
// count twice in them; of one that others write to, the files'.
func (p place) used() (float64, error) {
	switch {
	case p.dir == "":
		return 0, nil // LVM does not tell
	case !p.own:
		return allocated(p.dir)
	}
	left, err := free(p.dir)
	return -left, err
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
		title, peer := fmt.Sprintf("%s, %d GB", name, large.gb), fmt.Sprintf("of %d GB", small.gb)
		rows = append(rows,
			against("new, "+title, inSeconds, large.blank.seconds, peer, small.blank.seconds, goal{Ratio: mustNotGrow}),
			against("clone, "+title, inSeconds, large.clone.seconds, peer, small.clone.seconds, goal{Ratio: mustNotGrow}))
	}
	return rows
}
