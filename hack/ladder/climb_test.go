package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// played is a machine on which each step takes a multiple of what it should, and says what go test would. A step of the name
// bad fails.
func played(slower float64, bad string) func(context.Context, string, bool, io.Writer, io.Writer) error {
	return func(ctx context.Context, step string, whole bool, log, _ io.Writer) error {
		var takes, tests time.Duration
		for _, p := range ofSteps(parts, step) {
			if takes == 0 || whole {
				takes, tests = takes+p.takes, tests+p.tests
			}
		}
		_, _ = io.WriteString(log, "=== RUN   TestLong\n")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(float64(takes) * slower)):
		}
		word, end := "PASS", "ok  "
		if step == bad {
			word, end = "FAIL", "FAIL"
		}
		_, _ = fmt.Fprintf(log, "    x_test.go:1: it says so\n--- %s: TestLong (%.2fs)\n    x_test.go:2: left to make test-all\n--- SKIP: TestDear (0.00s)\n%s\tholm/%s\t%.3fs\n",
			word, tests.Seconds()*slower, end, step, tests.Seconds()*slower)
		if step == bad {
			return errors.New("exit status 1")
		}
		return nil
	}
}

func TestTheClimbSaysWhatItDidAndWhatNot(t *testing.T) {
	for name, c := range map[string]struct {
		slower float64
		budget time.Duration
		bad    string
		failed bool
		says   []string
		not    []string
	}{
		"without a budget all of it is run": {
			slower: 2, says: []string{"ran      nested: passed", "left to make test-all, of e2e: TestDear"}, not: []string{"LEFT OUT"},
		},
		"on the reference all fits": {
			slower: 1, budget: 80 * time.Minute, says: []string{"ran      nested: passed"}, not: []string{"LEFT OUT"},
		},
		"on one half as slow again the rest is left by name": {
			slower: 1.5, budget: 75 * time.Minute, says: []string{"ran      nested: passed", "left out nested, the rest: ", "left out e2e, the rest: "}, not: []string{"cut off"},
		},
		"on one twice as slow the box is left, too": {
			slower: 2, budget: 75 * time.Minute, says: []string{"ran      e2e: passed", "left out nested: ", "left out e2e, the rest: "}, not: []string{"cut off", "ran      nested"},
		},
		"on one far slower the guests are cut off, and nobody is to blame": {
			slower: 6, budget: 75 * time.Minute, says: []string{"e2e: cut off", "in the middle of TestLong", "left out nested: "}, not: []string{"FAILED"},
		},
		"a step that fails does not keep the others from running": {
			slower: 1, bad: "k3s", failed: true, says: []string{"k3s failed; what the tests said:", "it says so", "FAILED   k3s", "ran      e2e: passed", "ran      nested: passed"},
		},
		"how long it took is said": {
			slower: 1, bad: "", says: []string{"      180 s  race\n", "the slowest tests\n", " s  e2e: TestLong\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			logs := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				l := climb{out: &out, logs: logs, began: time.Now(), budget: c.budget, slower: 1, run: played(c.slower, c.bad)}
				for todo := most(); len(todo) > 0; {
					rest, err := l.next(t.Context(), todo)
					if err != nil {
						t.Fatal(err)
					}
					todo = rest
				}
				l.summary()
				if (len(l.failed) > 0) != c.failed {
					t.Errorf("failed are %q", l.failed)
				}
				if c.budget > 0 && time.Since(l.began) > c.budget+2*grace {
					t.Errorf("it took %v", time.Since(l.began))
				}
				for _, want := range c.says {
					if !strings.Contains(out.String(), want) {
						t.Errorf("%q is not said:\n%s", want, out.String())
					}
				}
				for _, no := range c.not {
					if strings.Contains(out.String(), no) {
						t.Errorf("%q is said:\n%s", no, out.String())
					}
				}
			})
		})
	}
}
