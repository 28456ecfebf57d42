package agent

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/guest/probe"
	"holm/guest/report"
)

func TestTheBoardHoldsTheLatestReport(t *testing.T) {
	b := testBoard()
	first, changed := b.read()
	if diff := cmp.Diff(report.Report{Version: report.Version, Stage: report.StageBoot, Kernel: "6.12.1"}, first); diff != "" {
		t.Errorf("before anything has happened (-want +got):\n%s", diff)
	}
	select {
	case <-changed:
		t.Error("it has changed before anybody changed it")
	default:
	}

	b.set(report.StageDocker, "all\nis well")
	<-changed
	want := report.Report{Version: report.Version, Stage: report.StageDocker, Note: "all is well", Kernel: "6.12.1"}
	second, again := b.read()
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("after a change (-want +got):\n%s", diff)
	}
	select {
	case <-again:
		t.Error("what was read last is out of date at once")
	default:
	}
	if diff := cmp.Diff(report.StageBoot, first.Stage); diff != "" {
		t.Errorf("the first report has changed (-want +got):\n%s", diff)
	}
}

func TestWhoAsksBeforeItIsReadyWaits(t *testing.T) {
	inst := Instance{ID: "i", Profile: probe.Plain, User: "ops"}
	for name, c := range map[string]struct {
		then func(b *board)
		want Instance
		says string
	}{
		"until it is":             {func(b *board) { b.ready(inst) }, inst, ""},
		"and hears why it is not": {func(b *board) { b.set(report.StageFailed, "no\nseed") }, Instance{}, "no seed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := testBoard()
				time.AfterFunc(time.Minute, func() { b.set(report.StageDocker, "") })
				time.AfterFunc(time.Hour, func() { c.then(b) })
				for range 2 { // the second time at once
					got, err := b.await(t.Context())
					if got != c.want {
						t.Errorf("instance is %+v, want %+v", got, c.want)
					}
					wantError(t, err, c.says)
				}
			})
		})
	}
	_, err := testBoard().await(ended(t))
	wantError(t, err, "no more time")
}
