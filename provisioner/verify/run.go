package verify

import (
	"context"
	"fmt"
	"sync"
	"time"

	"holm/guest/report"
	"holm/provisioner/model"
)

// rule is one promise that the host holds an instance to, and how it tries it. Its side is guest when what the guest says
// decides it.
type rule struct {
	id      string
	side    Side
	source  string
	promise string
	try     func(ctx context.Context, t *trial) found
}

// trial is one run of the host's checks: what several of them need is fetched once.
type trial struct {
	Subject
	env     Env
	process func() (*process, error)
	session func() session
}

// rules are the host's checks, in the order in which they are shown.
func rules() []rule {
	return []rule{
		kernelRunning(), bootID(), clock(),
		qemuUser(), tenantWalls(), qemuCaps(), qemuSeccomp(), qemuAppArmor(), qemuCgroup(), qemuLimits(),
		cardBridge(), cardIsolated(), cardFilter(), networkWalls(),
		domainAsAsked(), kernelOfImage(), accel(), seedGone(),
		sshRoot(), sshPassword(), sshAlgorithms(), firewall(),
	}
}

// checkWithin bounds one check of the host's: a guest whose answers trickle must not hold up the verdict.
const checkWithin = 2 * time.Minute

// Run tries all that the host can try, at the same time, and returns the results in the order in which they are shown.
// It ends soon after ctx does; what was not tried by then is inconclusive.
func (e Env) Run(ctx context.Context, s Subject) []Result { return e.try(ctx, s, rules()) }

func (e Env) try(ctx context.Context, s Subject, all []rule) []Result {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	t := &trial{Subject: s, env: e}
	t.process = sync.OnceValues(func() (*process, error) { return findProcess(e, s) })
	t.session = sync.OnceValue(func() session { return t.login(ctx) })
	defer func() {
		if p, err := t.process(); err == nil {
			p.Close()
		}
	}()
	results := make([]Result, len(all))
	var trying sync.WaitGroup
	for i, r := range all {
		trying.Go(func() { results[i] = r.run(ctx, t) })
	}
	trying.Wait()
	return results
}

func (r rule) run(ctx context.Context, t *trial) Result {
	began := time.Now()
	f := r.try(ctx, t)
	return Result{
		ID: r.id, Side: r.side, Source: r.source, Promise: r.promise,
		Outcome: f.outcome, Tried: model.OneLine(f.tried), Found: model.OneLine(f.back), Millis: time.Since(began).Milliseconds(),
	}
}

func passed(tried, format string, args ...any) found {
	return found{report.Passed, tried, fmt.Sprintf(format, args...)}
}

func failed(tried, format string, args ...any) found {
	return found{report.Failed, tried, fmt.Sprintf(format, args...)}
}

// inconclusive is what came of an attempt that proves nothing.
func inconclusive(tried, format string, args ...any) found {
	return found{report.Inconclusive, tried, fmt.Sprintf(format, args...)}
}

func notApplicable(tried, format string, args ...any) found {
	return found{report.NotApplicable, tried, fmt.Sprintf(format, args...)}
}
