package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// check is one way of looking at the code without running it.
type check struct {
	name string
	args []string
}

// checks are those of the step check. Each goes through the Makefile, so that a person can do the same.
var checks = []check{
	{"vet", []string{"make", "-s", "check-go"}},
	{"scripts", []string{"make", "-s", "check-scripts"}},
	{"lint", []string{"make", "-s", "lint"}},
	{"vuln", []string{"make", "-s", "vuln"}},
}

// leftOut is how a check says that it, or a part of it, could not be made here. By itself that is no failure.
var leftOut = regexp.MustCompile(`(?m)^left out: `)

// runChecks makes all checks, also when one of them fails, and tells of each in the manner of go test -v.
func runChecks(ctx context.Context, all []check, log, shown io.Writer) (err error) {
	for _, c := range all {
		var said bytes.Buffer
		begun := time.Now()
		_, _ = fmt.Fprintf(log, "=== RUN   %s\n", c.name)
		failed := work{args: c.args, shown: leftOut}.do(ctx, io.MultiWriter(log, &said), shown)
		if ctx.Err() != nil {
			return errors.Join(err, failed)
		}
		word := "PASS"
		switch {
		case failed != nil:
			word = "FAIL"
			err = errors.Join(err, fmt.Errorf("%s: %w", c.name, failed))
		case leftOut.Match(said.Bytes()):
			word = "SKIP"
		}
		_, _ = fmt.Fprintf(io.MultiWriter(log, shown), "--- %s: %s (%.2fs)\n", word, c.name, time.Since(begun).Seconds())
	}
	return err
}
