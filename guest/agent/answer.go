package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"holm/guest/boot"
	"holm/guest/growth"
	"holm/guest/probe"
	"holm/guest/probe/checks"
	"holm/guest/report"
)

// checksWithin bounds one run of the checks: what was not tried by then is inconclusive.
const checksWithin = 2 * time.Minute

// growsWithin bounds how long the kernel may take to learn that the disk has grown.
const growsWithin = 20 * time.Second

// maxWatch bounds how long capabilities are watched.
const maxWatch = 10 * time.Minute

// voice writes the answers to one question.
type voice struct {
	port     io.Writer
	nonce    string
	identity func(*report.Report)
}

// say writes one report, and who the guest is with it.
func (v voice) say(r report.Report) error {
	v.identity(&r)
	return v.write(r)
}

func (v voice) write(r report.Report) error {
	r.Nonce = v.nonce
	line, err := encode(r)
	if err != nil {
		return err
	}
	_, err = v.port.Write(line)
	return err
}

// answer answers one question until ctx ends, which it does when the next one is put.
func (a *Agent) answer(ctx context.Context, v voice, q report.Question, state *board) {
	var r report.Report
	// What was begun is brought to its end when the question is put again.
	err := a.tell(context.WithoutCancel(ctx), q)
	if err == nil && q.Ask == report.AskStatus {
		speak(ctx, v, state)
		return
	}
	if err == nil {
		r, err = a.respond(ctx, v, q, state)
	}
	if ctx.Err() != nil {
		return // nobody asks any more
	}
	r.Stage = report.StageChecked
	if err == nil {
		err = v.say(r)
	}
	if err != nil {
		// Either it says why, or the host has hung up and the port will tell.
		_ = v.say(report.Report{Stage: report.StageFailed, Note: err.Error()})
	}
}

// respond does what a question asks for, other than to say how the guest is.
func (a *Agent) respond(ctx context.Context, v voice, q report.Question, state *board) (r report.Report, err error) {
	switch q.Ask {
	case report.AskEnvironment:
		r.Note, err = a.toldAll(ctx, q, state)
	case report.AskChecks:
		r.Checks, err = a.tryChecks(ctx, v, state)
	case report.AskExpose:
		err = a.expose(ctx, state, q.Ports)
	case report.AskGrow:
		r.Grown, err = a.growState(ctx, q.Bytes)
	case report.AskCapabilities:
		r.Capabilities, err = a.watchCapabilities(ctx, v, time.Duration(q.Seconds)*time.Second)
	default:
		err = fmt.Errorf("this image cannot answer %.40q: it is older than its host", q.Ask)
	}
	return r, err
}

// toldAll answers that an environment is in force, once the boot has come so far, and what of it is not.
func (a *Agent) toldAll(ctx context.Context, q report.Question, state *board) (later string, err error) {
	if q.Environment == nil {
		return "", errors.New("the question has no environment")
	}
	if _, err := state.await(ctx); err != nil {
		return "", err
	}
	a.told.mu.Lock()
	defer a.told.mu.Unlock()
	return a.told.later, nil
}

// tryChecks waits until the profile is up and tries its promises. A bait lies out while it does.
func (a *Agent) tryChecks(ctx context.Context, v voice, state *board) ([]report.Check, error) {
	// A host that hears nothing at all does not wait for the end of a boot.
	if now, _ := state.read(); now.Stage != report.StageReady {
		if err := v.say(report.Report{Stage: report.StageChecking, Note: "booting"}); err != nil {
			return nil, err
		}
	}
	inst, err := state.await(ctx)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	bait, err := openBait(ctx)
	if err != nil {
		return nil, err
	}
	defer bait.close()
	ctx, cancel := context.WithTimeout(ctx, checksWithin)
	defer cancel()
	env := &probe.Env{Profile: inst.Profile, User: inst.User, Self: self}
	return probe.Run(ctx, env, a.checks(inst.Profile), func(id string) {
		_ = v.say(report.Report{Stage: report.StageChecking, Note: id, Bait: bait.port()})
	}), nil
}

// checks are what a profile has promised, made anew for each run.
func (a *Agent) checks(profile string) []probe.Check {
	if a.promises != nil {
		return a.promises(profile)
	}
	return checks.For(profile)
}

// growState makes the state file system as large as its disk, once that is as large as the host says.
func (a *Agent) growState(ctx context.Context, bytes uint64) (*report.Grown, error) {
	ctx, cancel := context.WithTimeout(ctx, growsWithin)
	defer cancel()
	if err := growth.Await(ctx, a.Root, a.path(boot.StateDir), bytes); err != nil {
		return nil, err
	}
	sizes, err := growth.Grow(a.Root, a.path(boot.StateDir))
	return &report.Grown{Before: sizes.Before, After: sizes.After}, err
}

func (a *Agent) watchCapabilities(ctx context.Context, v voice, long time.Duration) (*report.Capabilities, error) {
	if a.Capabilities == nil {
		return nil, fmt.Errorf("this image cannot watch capabilities")
	}
	if long < time.Second || long > maxWatch {
		return nil, fmt.Errorf("capabilities can be watched for 1 to %.0f seconds", maxWatch.Seconds())
	}
	if err := v.say(report.Report{Stage: report.StageChecking, Note: "capabilities"}); err != nil {
		return nil, err
	}
	return a.Capabilities(ctx, long)
}

// speak writes how the guest is, now and whenever it changes.
func speak(ctx context.Context, v voice, state *board) {
	for {
		r, changed := state.read()
		if err := v.write(r); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
