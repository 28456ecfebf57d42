//go:build bench

// Command bench measures holm against the tools that a person would use instead, each row with its peer in the same
// run on the same machine. docs/PERFORMANCE.md says what the rows mean. It works in a state directory and a network of
// its own and removes, whenever and however it ends, everything but the images there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"holm/internal/fault"
	"holm/internal/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal kills: cleaning up must not be a prison.
	context.AfterFunc(ctx, stop)
	streams := term.System(os.Getenv)
	err := compare(ctx, streams, os.Args[1:])
	switch {
	case err == nil:
	case errors.Is(err, errNotClean):
		streams.Say("bench: " + err.Error())
		os.Exit(int(fault.Leftover))
	case ctx.Err() != nil:
		streams.Say("bench: interrupted; everything but the images is removed")
		os.Exit(int(fault.Interrupted))
	default:
		streams.Say("bench: " + err.Error())
		os.Exit(int(fault.KindOf(err)))
	}
}

// errNotClean means that something of the benchmark is still there; its next run tries again.
var errNotClean = errors.New("not everything could be removed")

// part is one measurement; it makes one row or several.
type part struct {
	name    string
	rounds  int
	measure func(context.Context, *lab, int) ([]row, error)
}

func parts() []part {
	return []part{
		{"seed", 21, measureSeed},
		{"running", 9, measureRunning},
		{"ready", 3, measureReady},
		{"disk", 3, measureDisk},
		{"ls", 11, measureList},
		{"sizes", 7, measureSizes},
		{"io", 5, measureIO},
		{"neighbours", 7, measureNeighbours},
		// These share an instance, which is there until the end: parts that count instances come before.
		{"network", 5, measureNetwork},
		{"names", 7, measureNames},
		{"docker", 7, measureDocker},
		{"pull", 3, measurePull},
		{"copy", 3, measureCopy},
		{"image", 1, measureImage},
	}
}

type options struct {
	holm, state, output string
	rounds              int // 0 is each part's own
	parts               []part
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.holm, "holm", "bin/holm", "the holm to measure")
	flags.StringVar(&o.state, "state", "/var/lib/holm-bench", "the state directory of the benchmark; all but its images is removed")
	flags.StringVar(&o.output, "o", "table", "table or json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.output != "table" && o.output != "json" {
		return o, fault.New(fault.Usage, "", "-o %q: use table or json", o.output)
	}
	if text := os.Getenv("BENCH_ROUNDS"); text != "" {
		if o.rounds, err = strconv.Atoi(text); err != nil || o.rounds < 1 {
			return o, fault.New(fault.Usage, "", "BENCH_ROUNDS=%q is no number of rounds", text)
		}
	}
	for _, p := range parts() {
		if flags.NArg() == 0 || slices.Contains(flags.Args(), p.name) {
			o.parts = append(o.parts, p)
		}
	}
	if len(o.parts) < flags.NArg() {
		return o, fault.New(fault.Usage, "", "parts are: seed running ready disk ls sizes io neighbours network names docker pull copy image")
	}
	return o, nil
}

func compare(ctx context.Context, streams *term.Streams, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	l, err := openLab(ctx, o, streams.Say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close(context.WithoutCancel(ctx))) }()
	var rows []row
	for _, p := range o.parts {
		rounds := p.rounds
		if o.rounds > 0 {
			rounds = o.rounds
		}
		streams.Say(p.name)
		more, err := p.measure(ctx, l, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, more...)
	}
	about, err := l.describe(ctx)
	if err != nil {
		return err
	}
	return publish(streams, o.output, about, rows)
}
