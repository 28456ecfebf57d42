package main

import (
	"strings"
	"time"
)

// leftToAll is how a test says that "make test" does not run it.
const leftToAll = "make test-all"

// summary says what was shown, what was not, and how long it took.
func (c *climb) summary() {
	c.say("\n== summary\n")
	for _, s := range c.ran {
		c.say("  ran      %s: %s, %d tests passed in %.0f s\n", s.name, s.verdict, s.passed, s.time.Seconds())
	}
	dear := map[string][]string{}
	for _, v := range c.tests {
		switch {
		case v.word != "SKIP":
		case strings.Contains(v.why, leftToAll):
			dear[v.step] = append(dear[v.step], v.name)
		case v.step == "check":
			c.say("  LEFT OUT %s: %s\n", v.name, v.why)
		default:
			c.say("  skipped  %s: %s\n", v.name, v.why)
		}
	}
	for _, s := range c.ran {
		if len(dear[s.name]) > 0 {
			c.say("  left to make test-all, of %s: %s\n", s.name, strings.Join(dear[s.name], ", "))
		}
	}
	for _, line := range c.left {
		c.say("  left out %s\n", line)
	}
	c.times()
	for _, step := range c.failed {
		c.say("  FAILED   %s\n", step)
	}
}

// times lists how long each step took, and which tests took longest.
func (c *climb) times() {
	var sum time.Duration
	c.say("\n  steps\n")
	for _, s := range c.ran {
		sum += s.time
		c.say("  %7.0f s  %s\n", s.time.Seconds(), s.name)
		for _, v := range c.tests {
			if s.name == "check" && v.step == s.name {
				c.say("  %7.0f s    %s: %s\n", v.took.Seconds(), v.name, v.word)
			}
		}
	}
	c.say("  %7.0f s  all, and %.0f s since the beginning\n", sum.Seconds(), time.Since(c.began).Seconds())
	if long := slowest(c.tests, 10); len(long) > 0 {
		c.say("\n  the slowest tests\n")
		for _, v := range long {
			c.say("  %7.1f s  %s: %s\n", v.took.Seconds(), v.step, v.name)
		}
	}
}
