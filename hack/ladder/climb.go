package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// climb is one way up.
type climb struct {
	out    io.Writer
	logs   string // a folder
	began  time.Time
	budget time.Duration // 0: without end
	slower float64       // than the reference

	host host
	run  func(ctx context.Context, step string, whole bool, log, shown io.Writer) error

	ran    []took
	tests  []verdict
	left   []string
	failed []string
}

// took is how long a step took.
type took struct {
	name, verdict string
	passed        int
	time          time.Duration
}

func (c *climb) say(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }

func (c *climb) leave(what, why string) {
	c.say("\n== LEFT OUT: %s: %s\n", what, why)
	c.left = append(c.left, what+": "+why)
}

// climb runs the parts, step by step.
func (c *climb) climb(ctx context.Context, todo []part) (err error) {
	todo = c.possible(ctx, todo)
	for len(todo) > 0 && ctx.Err() == nil && err == nil {
		todo, err = c.next(ctx, todo)
	}
	return err
}

// next runs the first step of what still fits, and returns what remains.
func (c *climb) next(ctx context.Context, todo []part) ([]part, error) {
	todo = c.fitting(todo)
	if len(todo) == 0 {
		return nil, nil
	}
	name := steps(todo)[0]
	err := c.step(ctx, name, ofSteps(todo, name))
	return slices.DeleteFunc(slices.Clone(todo), func(p part) bool { return p.step == name }), err
}

// possible leaves what this machine cannot run. Whoever asks as root, or as CI, expects the guests to run.
func (c *climb) possible(ctx context.Context, todo []part) []part {
	if packages := ofSteps(todo, "package"); c.host.rootless && len(packages) > 0 {
		c.leave("package", "trees of other systems need root: run it as root, or after: sudo -v")
		todo = slices.DeleteFunc(slices.Clone(todo), func(p part) bool { return p.step == "package" })
	}
	guests := ofSteps(todo, "e2e", "nested", "k3s")
	without := c.host.guestless
	for _, p := range guests {
		if without != "" {
			c.leave(p.name, without)
		}
	}
	if without != "" {
		if len(guests) > 0 && c.host.expected() {
			c.failed = append(c.failed, "guests were left out")
		}
		return slices.DeleteFunc(slices.Clone(todo), func(p part) bool { return slices.Contains(guests, p) })
	}
	if len(ofSteps(todo, "nested")) > 0 && !quietly(ctx, c.out, "hack/deps", "box") {
		c.leave("nested", "Vagrant and vagrant-libvirt cannot be installed")
		return slices.DeleteFunc(slices.Clone(todo), func(p part) bool { return p.step == "nested" })
	}
	return todo
}

// fitting leaves what does not fit any more.
func (c *climb) fitting(todo []part) []part {
	if c.budget == 0 {
		return todo
	}
	left := c.budget - time.Since(c.began)
	taken, out := fit(todo, left, c.slower)
	for _, p := range slices.Backward(out) {
		c.leave(p.name, fmt.Sprintf("%.0f minutes of %.0f are left, and it takes some %.0f here (%s)",
			left.Minutes(), c.budget.Minutes(), p.takes.Minutes()*c.slower, p.about))
	}
	return taken
}

// step runs the parts of one step.
func (c *climb) step(ctx context.Context, name string, mine []part) error {
	c.say("\n== %s: %s\n", name, mine[0].about)
	if (name == "unit" || name == "race") && !c.host.libvirt {
		c.say("   libvirt does not answer: what needs the real one is left out\n")
	}
	if c.budget != 0 {
		var end context.CancelFunc
		ctx, end = context.WithDeadline(ctx, c.began.Add(c.budget))
		defer end()
	}
	file, err := os.OpenFile(filepath.Join(c.logs, name+".log"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	begun := time.Now()
	failed := c.run(ctx, name, wholeOf(name, mine), file, c.out)
	log, err := os.ReadFile(file.Name())
	if err != nil {
		return err
	}
	v, err := read(name, bytes.NewReader(log))
	if err != nil {
		return fmt.Errorf("what %s said: %w", name, err)
	}
	c.tests = append(c.tests, v.all...)
	done := took{name: name, verdict: "passed", passed: v.count("PASS"), time: time.Since(begun)}
	if ctx.Err() != nil {
		done.verdict = "cut off"
		c.cut(name, v)
	}
	switch {
	case ctx.Err() != nil && v.count("FAIL") == 0: // nobody's fault
	case failed != nil:
		done.verdict = "FAILED"
		c.failed = append(c.failed, name)
		err = complaint(c.out, name, bytes.NewReader(log))
	default:
		c.slower = pace(mine, v.tests, c.slower)
	}
	c.ran = append(c.ran, done)
	return err
}

// cut says by name what a step that was cut off did not come to.
func (c *climb) cut(name string, v verdicts) {
	const why = "the time was up"
	if at := v.open(); len(at) > 0 {
		c.leave(name, why+" in the middle of "+strings.Join(at, ", "))
	}
	tests, err := testsIn(sources(name))
	if missing := v.missing(tests); err == nil && len(missing) > 0 && len(tests) > 0 {
		c.leave(name, why+" before "+strings.Join(missing, ", "))
	}
	if len(tests) == 0 {
		c.leave(name, why+" before its end")
	}
}

// wholeOf tells whether all parts of a step are run.
func wholeOf(name string, mine []part) bool { return len(mine) == len(ofSteps(parts, name)) }
