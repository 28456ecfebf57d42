// Command ladder climbs the ladder of tests as far as this machine and the time allow, and says at the end what it has shown,
// how long that took, and what it left out. "hack/test" runs it.
//
//	ladder test          what proves most in a minute
//	ladder ci            the same, the unit tests under the race detector, and first a look at the code without running it
//	ladder all           everything
//	ladder STEP ...      these steps, whole
//
// With a budget, it takes what fits into that many minutes, and the least valuable is left out by name.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("ladder", flag.ContinueOnError)
	budget := flags.Duration("budget", 0, "how long all of it may take; 0 is without end")
	began := flags.Int64("began", time.Now().Unix(), "when that time began, in seconds of Unix")
	if flags.Parse(args) != nil {
		return 2
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 2
	}
	logs, err := os.MkdirTemp("", "holm-ladder-")
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(logs) }()
	h := look(ctx, os.Stdout)
	c := &climb{out: os.Stdout, logs: logs, began: time.Unix(*began, 0), budget: *budget, slower: 1, host: h, run: h.run}
	if err := c.climb(ctx, chosen); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c.summary()
	if len(c.failed) > 0 || ctx.Err() != nil {
		return 1
	}
	return 0
}

// choose is which parts the words stand for.
func choose(words []string) ([]part, error) {
	switch {
	case len(words) == 0, slices.Equal(words, []string{"test"}):
		return quick(), nil
	case slices.Equal(words, []string{"ci"}):
		return ci(), nil
	case slices.Equal(words, []string{"all"}):
		return most(), nil
	}
	known := steps(parts)
	for _, word := range words {
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("there is no step %q: test, ci, all, or some of %s", word, strings.Join(known, ", "))
		}
	}
	return ofSteps(parts, words...), nil
}
