// Package probe is what an instance tries against itself to show that its promises hold: one file a check. A check does
// not read a setting where it can Attempt what the setting forbids, and where it makes sense it first does what has to
// succeed (its control): without that, being refused proves nothing.
//
// The host imports this package for the list alone, so that it knows what an instance has promised without believing
// the instance; the attempts run inside, in the agent.
package probe

import (
	"context"
	"fmt"
	"time"

	"holm/guest/report"
)

// The profiles, as in the seed.
const (
	Plain  = "plain"
	Docker = "docker"
	K3s    = "k3s"
)

// Check is one promise and how it is tried.
type Check struct {
	ID       string // "root-readonly": lower-case words joined by "-"
	Source   string // where the rule comes from: "CIS Debian 1.1.2", "PSS restricted", "Docker bench 2.2", "KSPP", "holm"
	Promise  string // what holds, in one short sentence for people
	Profiles []string
	// Try attempts to break the promise. It ends when ctx ends, leaves nothing behind, and never panics on what it finds.
	Try func(ctx context.Context, env *Env) Result
}

// Result is what came of one Attempt.
type Result struct {
	Outcome report.Outcome
	Tried   string // what was attempted, in a few words: "write to /, /usr, /boot"
	Found   string // what came back, in a few words: "EROFS, EROFS, EROFS"
}

// Env is the instance as the checks reach it.
type Env struct {
	Profile string
	User    string // the instance's login
	Self    string // path of the agent's own program, for attempts that need another process
}

// Run tries the checks one after the other and tells begun of each one's id before it. What is not tried when ctx ends
// is Inconclusive.
func Run(ctx context.Context, env *Env, checks []Check, begun func(id string)) []report.Check {
	var done []report.Check
	for _, c := range checks {
		begun(c.ID)
		began := time.Now()
		result := Result{Outcome: report.Inconclusive, Found: "there was no time for it"}
		if ctx.Err() == nil {
			result = c.Try(ctx, env)
		}
		done = append(done, report.Check{
			ID: c.ID, Outcome: result.Outcome, Tried: result.Tried, Found: result.Found, Millis: time.Since(began).Milliseconds(),
		})
	}
	return done
}

// Passed is the result of an attempt that was refused as it has to be.
func Passed(tried, found string, args ...any) Result {
	return Result{Outcome: report.Passed, Tried: tried, Found: fmt.Sprintf(found, args...)}
}

// Failed is the result of an attempt that succeeded, or was refused by the wrong thing.
func Failed(tried, found string, args ...any) Result {
	return Result{Outcome: report.Failed, Tried: tried, Found: fmt.Sprintf(found, args...)}
}

// Inconclusive is the result of an Attempt whose control did not succeed.
func Inconclusive(tried, found string, args ...any) Result {
	return Result{Outcome: report.Inconclusive, Tried: tried, Found: fmt.Sprintf(found, args...)}
}
