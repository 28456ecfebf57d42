package agent

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/guest/probe"
	"holm/guest/probe/checks"
	"holm/guest/report"
)

// promising is an agent of an image with these checks, and the board of an instance that is up.
func promising(checks ...probe.Check) (*Agent, *board) {
	b := testBoard()
	b.ready(Instance{ID: "i", Profile: probe.Docker, User: "ops"})
	return &Agent{promises: func(string) []probe.Check { return checks }}, b
}

func check(id string, try func(ctx context.Context, env *probe.Env) probe.Result) probe.Check {
	return probe.Check{ID: id, Try: try}
}

func passes(id string) probe.Check {
	return check(id, func(context.Context, *probe.Env) probe.Result { return probe.Result{Outcome: report.Passed} })
}

const askChecks = `{"version":2,"nonce":"n","ask":"checks"}`

func TestChecksAreTriedWhenTheyAreAskedFor(t *testing.T) {
	var env probe.Env
	a, b := promising(check("first", func(_ context.Context, e *probe.Env) probe.Result {
		env = *e
		return probe.Result{Outcome: report.Failed, Tried: "wrote\nto /", Found: strings.Repeat("x", 1000)}
	}), passes("second"))
	c := conversation(t, a, b)
	c.ask(t, askChecks)
	for _, id := range []string{"first", "second"} {
		r := c.report(t)
		if r.Nonce != "n" || r.Stage != report.StageChecking || r.Note != id || r.Bait == 0 || r.Kernel != "6.12.1" {
			t.Errorf("before check %s it said %+v", id, r)
		}
	}
	want := report.Report{
		Version: report.Version, Nonce: "n", Stage: report.StageChecked, Kernel: "6.12.1",
		Checks: []report.Check{
			{ID: "first", Outcome: report.Failed, Tried: "wrote to /", Found: strings.Repeat("x", 300)},
			{ID: "second", Outcome: report.Passed},
		},
	}
	if diff := cmp.Diff(want, c.report(t), cmpopts.IgnoreFields(report.Check{}, "Millis")); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if env.Profile != probe.Docker || env.User != "ops" || env.Self == "" {
		t.Errorf("the checks were given %+v", env)
	}
}

func TestTheBaitLiesOutWhileChecksAreTried(t *testing.T) {
	release := make(chan struct{})
	a, b := promising(check("slow", func(context.Context, *probe.Env) probe.Result {
		<-release
		return probe.Result{Outcome: report.Passed}
	}))
	c := conversation(t, a, b)
	c.ask(t, askChecks)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(c.report(t).Bait))
	conn, err := net.DialTimeout("tcp", address, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	close(release)
	if r := c.report(t); r.Stage != report.StageChecked || r.Bait != 0 {
		t.Errorf("it ends with %+v", r)
	}
	if conn, err := net.DialTimeout("tcp", address, time.Minute); err == nil {
		_ = conn.Close()
		t.Error("the port is still open when it has told what it found")
	}
}

// However fast the host asks, and whatever it asks, one run of the checks has ended before the next one begins.
func TestANewQuestionEndsTheRunOfTheChecks(t *testing.T) {
	var running, most atomic.Int32
	begun := make(chan struct{}, 20)
	a, b := promising(check("endless", func(ctx context.Context, _ *probe.Env) probe.Result {
		most.Store(max(most.Load(), running.Add(1)))
		begun <- struct{}{}
		<-ctx.Done()
		running.Add(-1)
		return probe.Result{Outcome: report.Inconclusive}
	}))
	c := conversation(t, a, b)
	for i := range 20 {
		c.ask(t, `{"version":2,"nonce":"n`+strconv.Itoa(i)+`","ask":"checks"}`)
		c.wantHeard(t, "n"+strconv.Itoa(i)+" checking")
		if i%2 == 0 {
			<-begun // every other question comes so soon that the run has told of the check and not begun it
		}
	}
	c.ask(t, `{"version":2,"nonce":"last"}`)
	c.wantHeard(t, "last ready") // and no end of any of the runs
	if most.Load() != 1 || running.Load() != 0 {
		t.Errorf("%d runs go on, up to %d did at the same time", running.Load(), most.Load())
	}
}

func TestChecksEndWhenTheHostHangsUp(t *testing.T) {
	a, b := promising(check("endless", func(ctx context.Context, _ *probe.Env) probe.Result {
		<-ctx.Done()
		return probe.Result{Outcome: report.Inconclusive}
	}))
	c := conversation(t, a, b)
	c.ask(t, askChecks)
	c.wantHeard(t, "n checking")
	if err := c.host.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-c.ended; err != nil {
		t.Errorf("error is %v", err)
	}
}

func TestWhoAsksForChecksTooEarlyWaits(t *testing.T) {
	for name, c := range map[string]struct {
		then func(b *board)
		want string
	}{
		"until the profile is up": {func(b *board) { b.ready(Instance{Profile: probe.Plain}) }, "n checked"},
		"and hears why it is not": {func(b *board) { b.set(report.StageFailed, "no seed") }, "n failed"},
	} {
		t.Run(name, func(t *testing.T) {
			b := testBoard()
			a := &Agent{promises: func(string) []probe.Check { return nil }}
			talk := conversation(t, a, b)
			talk.ask(t, askChecks)
			talk.wantHeard(t, "n checking") // so that it is not taken for silent
			b.set(report.StageDocker, "")
			c.then(b)
			r := talk.report(t)
			if got := r.Nonce + " " + r.Stage; got != c.want {
				t.Errorf("answer is %q, want %q", got, c.want)
			}
			if r.Stage == report.StageFailed && r.Note != "no seed" {
				t.Errorf("note is %q", r.Note)
			}
		})
	}
}

func TestCapabilitiesAreWatchedForAsLongAsAsked(t *testing.T) {
	watches := func(_ context.Context, long time.Duration) (*report.Capabilities, error) {
		return &report.Capabilities{Watched: long.Seconds(), Subject: []report.Consumer{{Kind: "process", Name: "init"}}}, nil
	}
	for name, c := range map[string]struct {
		watch   func(context.Context, time.Duration) (*report.Capabilities, error)
		seconds int
		want    string
		note    string
		watched float64
	}{
		"five seconds":     {watches, 5, report.StageChecked, "", 5},
		"ten minutes":      {watches, 600, report.StageChecked, "", 600},
		"not at all":       {watches, 0, report.StageFailed, "1 to 600 seconds", 0},
		"backwards":        {watches, -5, report.StageFailed, "1 to 600 seconds", 0},
		"longer than time": {watches, 1 << 62, report.StageFailed, "1 to 600 seconds", 0},
		"by who cannot":    {nil, 5, report.StageFailed, "this image cannot watch capabilities", 0},
		"by one who fails": {func(context.Context, time.Duration) (*report.Capabilities, error) {
			return nil, errors.New("no\ntracefs")
		}, 5, report.StageFailed, "no tracefs", 0},
		"an infinity, somehow": {func(context.Context, time.Duration) (*report.Capabilities, error) { return inf(), nil }, 5, report.StageFailed, "unsupported value", 0},
	} {
		t.Run(name, func(t *testing.T) {
			talk := conversation(t, &Agent{Capabilities: c.watch}, testBoard())
			talk.ask(t, `{"version":2,"nonce":"n","ask":"capabilities","seconds":`+strconv.Itoa(c.seconds)+`}`)
			r := talk.report(t)
			if r.Stage == report.StageChecking {
				r = talk.report(t)
			}
			if r.Stage != c.want || !strings.Contains(r.Note, c.note) {
				t.Fatalf("answer is %s %q, want %s %q", r.Stage, r.Note, c.want, c.note)
			}
			if r.Stage == report.StageChecked && r.Capabilities.Watched != c.watched {
				t.Errorf("it watched for %v seconds, want %v", r.Capabilities.Watched, c.watched)
			}
		})
	}
}

func inf() *report.Capabilities {
	zero := 0.0
	return &report.Capabilities{Watched: 1 / zero}
}

func TestAQuestionOfANewerHostIsAnsweredWithNo(t *testing.T) {
	c := conversation(t, &Agent{}, testBoard())
	c.ask(t, `{"version":3,"nonce":"n","ask":"horoscope"}`)
	r := c.report(t)
	if r.Stage != report.StageFailed || !strings.Contains(r.Note, `"horoscope"`) {
		t.Errorf("answer is %s %q", r.Stage, r.Note)
	}
}

func TestTheChecksOfAProfileAreItsOwn(t *testing.T) {
	for _, profile := range []string{probe.Plain, probe.Docker, probe.K3s} {
		var ids []string
		for _, c := range (&Agent{}).checks(profile) {
			ids = append(ids, c.ID)
		}
		if diff := cmp.Diff(checks.IDs(profile), ids); diff != "" || len(ids) == 0 {
			t.Errorf("checks of profile %s (-want +got):\n%s", profile, diff)
		}
	}
}
