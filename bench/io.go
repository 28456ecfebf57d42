//go:build bench

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
	"holm/storage/volumes"
)

// How much is written and read, in MiB, how often 4 KiB are made durable, and how large the disk is, in GiB.
const (
	ioMiB   = 256
	ioSyncs = 200
	ioGiB   = 4
)

// kinds are what bench/blocks measures, in this order: each needs what the one before has left.
var kinds = []struct {
	name, unit string
	count      int
}{
	{"write", inRate, ioMiB},
	{"read", inRate, ioMiB},
	{"sync", inSeconds, ioSyncs},
}

// measureIO compares what a guest gets of each backend with what its host gets of the same file system, and holm's
// settings of the disk with others.
func measureIO(ctx context.Context, l *lab, rounds int) (rows []row, err error) {
	others, err := otherSettings()
	if err != nil {
		return nil, err
	}
	places, err := l.ioPlaces(ctx)
	defer func() { err = errors.Join(err, l.dropLoops()) }()
	if err != nil {
		return nil, err
	}
	g, err := l.bootGuest(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.remove(ctx)) }()
	for _, p := range places {
		l.say("  " + p.name)
		more, err := g.compare(ctx, p, others, rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// ioPlaces are all that this machine has.
func (l *lab) ioPlaces(ctx context.Context) ([]place, error) {
	mnt, fsType, err := l.here()
	if err != nil {
		return nil, err
	}
	first, err := open(ctx, volumes.Qcow2, fsType, mnt)
	if err != nil {
		return nil, err
	}
	places := []place{first}
	for _, fsType := range loops {
		mnt, err := l.onLoop(ctx, fsType)
		if err != nil {
			return nil, err
		}
		for _, kind := range []string{volumes.Reflink, volumes.Qcow2} {
			p, err := open(ctx, kind, fsType, mnt)
			if err != nil {
				return nil, err
			}
			places = append(places, p)
		}
	}
	thin, there, err := l.thin(ctx)
	if there {
		places = append(places, thin)
	}
	return places, err
}

// compare measures one place: the host, the guest with holm's settings, and with others.
func (g *ioGuest) compare(ctx context.Context, p place, others []setting, rounds int) (rows []row, err error) {
	disk := p.backend.Disk(newID)
	if disk.Buffered {
		others = nil // they are about disks that pass by the page cache
	}
	last := context.WithoutCancel(ctx)
	if err := errors.Join(p.backend.Remove(ctx, newID), p.backend.Create(ctx, newID, ioGiB, nil)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.backend.Remove(last, newID)) }()
	ways := []func(ctx context.Context) ([]float64, error){
		func(ctx context.Context) ([]float64, error) { return g.inside(ctx, disk, setting{}) },
	}
	names := []string{"holm"}
	if p.dir != "" {
		names = append(names, "host")
		ways = append(ways, func(ctx context.Context) ([]float64, error) { return g.lab.outside(ctx, filepath.Join(p.dir, "host")) })
	}
	for _, s := range others {
		names = append(names, s.name)
		ways = append(ways, func(ctx context.Context) ([]float64, error) { return g.inside(ctx, disk, s) })
	}
	measured := make([][][]float64, len(ways)) // by way, by kind, by round
	for i := range measured {
		measured[i] = make([][]float64, len(kinds))
	}
	for round := range rounds {
		g.lab.say(fmt.Sprintf("    round %d of %d", round+1, rounds))
		for i := range ways {
			which := (round + i) % len(ways)
			values, err := ways[which](ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", names[which], err)
			}
			for k, v := range values {
				measured[which][k] = append(measured[which][k], v)
			}
		}
	}
	for k, kind := range kinds {
		for i := 1; i < len(names); i++ {
			rows = append(rows, against(kind.name+", "+p.name, kind.unit, summarize(measured[0][k]), names[i], summarize(measured[i][k]), goal{}))
		}
	}
	return rows, nil
}

// outside measures a file of the host's.
func (l *lab) outside(ctx context.Context, file string) ([]float64, error) {
	values, err := each(func(kind string, count int) (float64, error) {
		forget(file)
		return l.blocks(ctx, kind, file, count)
	})
	return values, errors.Join(err, os.Remove(file))
}

// each measures all kinds, one after the other.
func each(measure func(kind string, count int) (float64, error)) ([]float64, error) {
	var values []float64
	for _, k := range kinds {
		value, err := measure(k.name, k.count)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// forget takes a file out of the host's page cache, so that it is not memory that is measured. A file that is not there
// has nothing in it.
func forget(file string) {
	f, err := os.Open(file)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	_ = f.Sync()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // #nosec G115 -- a descriptor is small
}

// setting is another way to give a guest its disk: attributes of libvirt's driver element, "" for none.
type setting struct {
	name  string
	attrs map[string]string
}

// otherSettings are those that BENCH_IO names, all when it names none.
func otherSettings() ([]setting, error) {
	all := []setting{
		{"io_uring", map[string]string{"io": "io_uring"}},
		{"threads", map[string]string{"io": "threads"}},
		{"no-iothread", map[string]string{"iothread": ""}},
		{"queues=1", map[string]string{"queues": "1"}},
		{"writeback", map[string]string{"cache": "writeback", "io": "threads"}},
	}
	var chosen []setting
	for name := range strings.SplitSeq(cmp.Or(os.Getenv("BENCH_IO"), "io_uring,threads,no-iothread,queues=1,writeback"), ",") {
		i := slices.IndexFunc(all, func(s setting) bool { return s.name == name })
		switch {
		case i >= 0:
			chosen = append(chosen, all[i])
		case name != "holm":
			return nil, fault.New(fault.Usage, "", "BENCH_IO=%q: use holm, io_uring, threads, no-iothread, queues=1, writeback", name)
		}
	}
	return chosen, nil
}
