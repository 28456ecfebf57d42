package provisioner_test

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/verify"
)

func TestVerifyCountsAndLeavesTheRestAlone(t *testing.T) {
	w := newWorld(t)
	before := w.created("web")
	calls := len(w.hyp.Calls())
	var steps []string
	v, err := w.holm().Proof.Verify(t.Context(), "default", "web", func(e operations.Event) { steps = append(steps, e.Step+" "+string(e.Phase)) })
	must(t, err)
	if want := (verify.Counts{Passed: 5}); !v.Holds() || v.Counts() != want {
		t.Errorf("%+v", v)
	}
	var order []string
	for _, r := range v.Results {
		order = append(order, string(r.Side)+" "+r.ID)
	}
	want := []string{"guest root-readonly", "guest host-key", "guest docker-rootless", "host qemu-user", "network firewall"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"verified begun", "verified noted", "verified finished"}, steps); diff != "" {
		t.Error(diff)
	}
	w.inspect = func(context.Context, verify.Subject) []verify.Result { return seen(report.Failed, report.Inconclusive) }
	v, err = w.holm().Proof.Verify(t.Context(), "default", "web", nil)
	must(t, err)
	after := w.record()
	if v.Holds() || after.ChecksPassed != 3 || after.ChecksTotal != 5 || after.CheckedAt.Equal(before.CheckedAt) {
		t.Errorf("%+v", after)
	}
	after.ChecksPassed, after.ChecksTotal, after.CheckedAt = before.ChecksPassed, before.ChecksTotal, before.CheckedAt
	if diff := cmp.Diff(before, after, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("something else changed: %s", diff)
	}
	if got := w.changes(calls); len(got) > 0 {
		t.Errorf("it called %q", got)
	}
	ops, err := w.records.Operations(t.Context(), after.ID)
	must(t, err)
	if last := ops[len(ops)-1]; last.Kind != "verify" || last.Status != model.Done || last.Error != "2 of 5 checks do not hold" {
		t.Errorf("%+v", last)
	}
	must(t, w.records.VerifyAudit(t.Context()))
}

func TestAFailedInstanceCanBeVerifiedAndWaitMakesItReady(t *testing.T) {
	w := newWorld(t)
	good := w.inspect
	w.inspect = func(context.Context, verify.Subject) []verify.Result { return seen(report.Failed, report.Passed) }
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.CheckFailed)
	v, err := w.holm().Proof.Verify(t.Context(), "default", "web", nil)
	if err != nil || v.Counts().Failed != 1 || w.record().State != model.Failed {
		t.Errorf("%+v, %v", v, err)
	}
	w.inspect = good
	inst, err := w.holm().Instances.Wait(t.Context(), "default", "web", nil)
	if err != nil || inst.State != model.Ready || inst.Failure != "" {
		t.Errorf("mended, it is %s (%s): %v", inst.State, inst.Failure, err)
	}
}

func TestWhatCannotBeVerifiedIsRefused(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.holm().Proof.Verify(ctx, "default", "web", nil)
	refused(t, err, fault.NotFound)
	w.play(silent)
	w.interrupted()
	_, err = w.holm().Proof.Verify(ctx, "default", "web", nil)
	refused(t, err, fault.Failure, `instance "web" is not ready yet`, "holm wait web")
	must(t, w.holm().Instances.Stop(ctx, "default", "web", true, nil))
	_, err = w.holm().Proof.Verify(ctx, "default", "web", nil)
	refused(t, err, fault.Failure, "is not running", "holm start web")
}

func TestAVerifyThatIsInterruptedChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	good := w.inspect
	before := w.record()
	ctx, cancel := context.WithCancelCause(t.Context())
	w.inspect = func(ctx context.Context, _ verify.Subject) []verify.Result {
		cancel(errCtrlC)
		<-ctx.Done()
		return nil
	}
	_, err := w.holm().Proof.Verify(ctx, "default", "web", nil)
	refused(t, err, fault.Interrupted, `instance "web" is not verified: interrupted`, "holm verify web")
	w.inspect = good
	if diff := cmp.Diff(before, w.record(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("interrupted, it changed: %s", diff)
	}
}

func TestAVerifyThatIsLiedToHasNoVerdict(t *testing.T) {
	w := newWorld(t)
	liar := false
	w.play(func(_ string, port io.ReadWriter) {
		for q := range questions(port) {
			r := readyReport()
			if q.Ask == report.AskChecks {
				r = checkedReport()
			}
			if liar {
				r.HostKey = hostKey(5)
			}
			_ = writeReport(port, q, r)
		}
	})
	before := w.created("web")
	liar = true
	_, err := w.holm().Proof.Verify(t.Context(), "default", "web", nil)
	refused(t, err, fault.Failure, `instance "web" cannot be verified: the guest shows another host key than before`, "holm logs web")
	if diff := cmp.Diff(before, w.record(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("it changed: %s", diff)
	}
	ops, err := w.records.Operations(t.Context(), before.ID)
	must(t, err)
	if last := ops[len(ops)-1]; last.Kind != "verify" || last.Status != model.Undone || !strings.Contains(last.Error, "another host key") {
		t.Errorf("%+v", last)
	}
}

func TestOnlyOneVerifyAtATime(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	good := w.inspect
	entered, goOn := make(chan struct{}), make(chan struct{})
	w.inspect = func(ctx context.Context, s verify.Subject) []verify.Result {
		close(entered)
		<-goOn
		return good(ctx, s)
	}
	done := make(chan error)
	go func() {
		_, err := w.holm().Proof.Verify(t.Context(), "default", "web", nil)
		done <- err
	}()
	<-entered
	_, err := w.holm().Proof.Verify(t.Context(), "default", "web", nil)
	refused(t, err, fault.Busy, "another holm is at work")
	close(goOn)
	must(t, <-done)
}

func TestADeathDuringAVerifyLeavesAReadyInstance(t *testing.T) {
	for _, point := range []string{"verify.judged", "verify.recorded"} {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			before := w.created("web")
			w.die(point, func(p *provisioner.Engine) error {
				_, err := p.Proof.Verify(t.Context(), "default", "web", nil)
				return err
			})
			after := w.record()
			after.CheckedAt = before.CheckedAt
			if diff := cmp.Diff(before, after, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
				t.Error(diff)
			}
			_, err := w.holm().Proof.Verify(t.Context(), "default", "web", nil)
			must(t, err)
			must(t, w.records.VerifyAudit(t.Context()))
		})
	}
}
