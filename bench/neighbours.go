//go:build bench

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holm/provisioner/hypervisor"
)

// The instances of the part "neighbours".
const (
	quiet = "bench-quiet"
	loud  = "bench-loud"
)

// What the quiet instance does, and how long it took by its own clock in nanoseconds: arithmetic on both of its CPUs, and
// small writes of which each waits for the disk.
const (
	sums   = `for i in 1 2; do head -c 16M /dev/zero | sha256sum >/dev/null & done; wait`
	writes = `dd if=/dev/zero of=/home/ops/probe bs=4k count=200 oflag=dsync 2>/dev/null`
	timed  = `t=$(date +%%s%%N); %s; echo $(($(date +%%s%%N) - t))`
)

// burn is a neighbour that takes what it gets, of CPUs and of the disk, until it is cut off. It writes what it has at hand, as
// reading /dev/zero would take its CPUs from the writing.
const burn = `head -c 64M /dev/urandom >/dev/shm/block
for i in 1 2; do setsid sh -c 'while :; do :; done' >/dev/null 2>&1 </dev/null & done
setsid sh -c 'while :; do dd if=/dev/shm/block of=/home/ops/burn bs=1M oflag=direct,dsync; done' >/dev/null 2>&1 </dev/null &
sleep 5`

// neighbourWithin bounds the whole part: some boots and some work.
const neighbourWithin = 30 * time.Minute

// neighbour is how the loud instance is held.
type neighbour struct {
	what   string
	limits []string // flags of "flavor set"
}

var neighbours = []neighbour{
	{"no limits", nil},
	{"CPU weight 25", []string{"--cpu-weight", "25"}},
	{"50 % of a CPU, 5 MB/s", []string{"--cpu-quota", "50", "--bandwidth", "5"}},
}

// measureNeighbours gives how long the work of an instance takes beside another one that burns CPU and disk, against what it
// takes alone, and what that other one gets.
func measureNeighbours(ctx context.Context, l *lab, rounds int) (rows []row, err error) {
	ctx, cancel := context.WithTimeout(ctx, neighbourWithin)
	defer cancel()
	defer func() { err = errors.Join(err, l.dropNeighbours(context.WithoutCancel(ctx))) }()
	size := []string{"--profile", "plain", "--flavor", "tiny", "--cpus", "2"}
	if _, err := l.run(ctx, append([]string{"create", quiet}, size...)...); err != nil {
		return nil, err
	}
	l.say("  alone")
	cpu, disk, err := l.speed(ctx, rounds)
	if err != nil {
		return nil, err
	}
	for _, n := range neighbours {
		l.say("  beside a neighbour with " + n.what)
		b, err := l.beside(ctx, rounds, n)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			against("sums, neighbour: "+n.what, inSeconds, b.cpu, "alone", cpu, goal{}),
			against("small writes, neighbour: "+n.what, inSeconds, b.disk, "alone", disk, goal{}),
			alone("it takes", inCPUs, b.tookCPU, goal{}),
			alone("it writes", inRate, b.tookDisk, goal{}))
	}
	return rows, nil
}

// besides is what one neighbour leaves, and what it takes.
type besides struct{ cpu, disk, tookCPU, tookDisk sample }

// beside measures with another instance burning, which is gone afterwards.
func (l *lab) beside(ctx context.Context, rounds int, n neighbour) (b besides, err error) {
	const flavor = "holm-bench-loud"
	set := append([]string{"flavor", "set", flavor, "--cpus", "2", "--memory", "512M", "--disk", "10G"}, n.limits...)
	if _, err := l.run(ctx, set...); err != nil {
		return b, err
	}
	defer func() {
		ctx := context.WithoutCancel(ctx)
		_, gone := l.run(ctx, "rm", "--yes", loud)
		_, reset := l.run(ctx, "flavor", "reset", flavor)
		err = errors.Join(err, gone, reset)
	}()
	if _, err := l.run(ctx, "create", loud, "--profile", "plain", "--flavor", flavor); err != nil {
		return b, err
	}
	if _, err := l.run(ctx, "exec", loud, "--", "sh", "-c", burn); err != nil {
		return b, err
	}
	begun := time.Now()
	before, err := l.taken(ctx, loud)
	if err != nil {
		return b, err
	}
	if b.cpu, b.disk, err = l.speed(ctx, rounds); err != nil {
		return b, err
	}
	after, err := l.taken(ctx, loud)
	elapsed := time.Since(begun).Seconds()
	b.tookCPU = summarize([]float64{float64(after.CPUTimeNS-before.CPUTimeNS) / 1e9 / elapsed})
	b.tookDisk = summarize([]float64{float64(written(after)-written(before)) / elapsed})
	return b, err
}

// taken is what an instance has used so far.
func (l *lab) taken(ctx context.Context, name string) (hypervisor.Stats, error) {
	out, err := l.run(ctx, "stats", name, "-o", "json")
	if err != nil {
		return hypervisor.Stats{}, err
	}
	var all struct {
		Instances []struct{ Stats hypervisor.Stats }
	}
	if err := json.Unmarshal(out, &all); err != nil {
		return hypervisor.Stats{}, err
	}
	return all.Instances[0].Stats, nil
}

func written(s hypervisor.Stats) (bytes uint64) {
	for _, d := range s.Disks {
		bytes += d.WriteBytes
	}
	return bytes
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
	return err
}
