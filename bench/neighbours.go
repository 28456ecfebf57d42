//go:build bench

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The instances of the part "neighbours".
const (
	quiet = "bench-quiet"
	loud  = "bench-loud"
	held  = "holm-bench-held" // a flavor with limits
)

// What the quiet instance does, and how long it took by its own clock in nanoseconds: arithmetic for its CPU, and small
// writes of which each waits for the disk.
const (
	sums   = `head -c 16M /dev/zero | sha256sum >/dev/null`
	writes = `dd if=/dev/zero of=/home/ops/probe bs=4k count=100 oflag=dsync 2>/dev/null`
	timed  = `t=$(date +%%s%%N); %s; echo $(($(date +%%s%%N) - t))`
)

// burn is a neighbour that takes what it gets, of CPUs and of the disk, until it is cut off.
const burn = `for i in 1 2; do setsid sh -c 'while :; do :; done' >/dev/null 2>&1 </dev/null & done
setsid sh -c 'while :; do dd if=/dev/zero of=/home/ops/burn bs=1M count=64 conv=fsync; done' >/dev/null 2>&1 </dev/null &
sleep 2`

// neighbourWithin bounds the whole part: three boots and some work.
const neighbourWithin = 30 * time.Minute

// measureNeighbours gives what an instance of one vCPU keeps of its speed beside another of two vCPUs that burns CPU and disk,
// first without limits and then with those of a flavor, against what it has alone.
func measureNeighbours(ctx context.Context, l *lab, rounds int) (rows []row, err error) {
	ctx, cancel := context.WithTimeout(ctx, neighbourWithin)
	defer cancel()
	defer func() { err = errors.Join(err, l.dropNeighbours(context.WithoutCancel(ctx))) }()
	if _, err := l.run(ctx, "flavor", "set", held, "--cpus", "2", "--memory", "512M", "--disk", "10G",
		"--cpu-quota", "50", "--iops", "100", "--bandwidth", "10"); err != nil {
		return nil, err
	}
	if _, err := l.run(ctx, "create", quiet, "--profile", "plain", "--flavor", "tiny"); err != nil {
		return nil, err
	}
	l.say("  alone")
	cpu, disk, err := l.speed(ctx, rounds)
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		what string
		size []string
	}{
		{"a burning neighbour", []string{"--flavor", "tiny", "--cpus", "2"}},
		{"a burning one with limits", []string{"--flavor", held}},
	} {
		l.say("  beside " + n.what)
		slowCPU, slowDisk, err := l.beside(ctx, rounds, n.size)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			against("sums beside "+n.what, inSeconds, slowCPU, "alone", cpu, goal{}),
			against("small writes beside "+n.what, inSeconds, slowDisk, "alone", disk, goal{}))
	}
	return rows, nil
}

// beside measures with another instance of that size burning, which is gone afterwards.
func (l *lab) beside(ctx context.Context, rounds int, size []string) (cpu, disk sample, err error) {
	if _, err := l.run(ctx, append([]string{"create", loud, "--profile", "plain"}, size...)...); err != nil {
		return cpu, disk, err
	}
	defer func() {
		_, gone := l.run(context.WithoutCancel(ctx), "rm", "--yes", loud)
		err = errors.Join(err, gone)
	}()
	if _, err := l.run(ctx, "exec", loud, "--", "sh", "-c", burn); err != nil {
		return cpu, disk, err
	}
	return l.speed(ctx, rounds)
}

// speed is how long the quiet instance takes for its work.
func (l *lab) speed(ctx context.Context, rounds int) (cpu, disk sample, err error) {
	work := func(what string) leg {
		return func(ctx context.Context) (float64, error) {
			out, err := l.run(ctx, "exec", quiet, "--", "sh", "-c", fmt.Sprintf(timed, what))
			if err != nil {
				return 0, err
			}
			ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
			return float64(ns) / 1e9, err
		}
	}
	s, err := alternate(ctx, rounds, func(string) {}, work(sums), work(writes))
	if err != nil {
		return cpu, disk, err
	}
	return s[0], s[1], nil
}

func (l *lab) dropNeighbours(ctx context.Context) error {
	_, err := l.run(ctx, "rm", "--yes", quiet)
	_, resetErr := l.run(ctx, "flavor", "reset", held)
	return errors.Join(err, resetErr)
}
