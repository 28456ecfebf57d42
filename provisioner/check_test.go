package provisioner_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/verify"
)

// checked is a guest that is ready and answers its checks with these.
func checked(checks ...report.Check) guest {
	r := checkedReport()
	r.Checks = checks
	return checking(r)
}

// saying is a promised check with another outcome.
func saying(id string, outcome report.Outcome, back string) report.Check {
	return report.Check{ID: id, Outcome: outcome, Found: back}
}

func TestAGuestThatDoesNotKeepItsPromisesIsNotReady(t *testing.T) {
	root, key, rootless := goodCheck("root-readonly"), goodCheck("host-key"), goodCheck("docker-rootless")
	unasked := func(change func(r *report.Report)) guest {
		r := checkedReport()
		change(&r)
		return checking(r)
	}
	for name, c := range map[string]struct {
		guest         guest
		kind          fault.Kind
		says          string
		passed, total int
	}{
		"a check fails":             {checked(root, saying("host-key", report.Failed, "\x1b[2Jit is\nopen"), rootless), fault.CheckFailed, "check host-key: [2Jit is open", 4, 5},
		"a check proves nothing":    {checked(root, saying("host-key", report.Inconclusive, "no control"), rootless), fault.CheckFailed, "check host-key is inconclusive: no control", 4, 5},
		"several":                   {checked(saying("root-readonly", report.Inconclusive, "x"), saying("host-key", report.Failed, "y"), rootless), fault.CheckFailed, "check host-key: y (and 1 more)", 3, 5},
		"a check is left out":       {checked(root, key), fault.CheckFailed, "check docker-rootless is inconclusive: the guest did not report it", 4, 5},
		"all are left out":          {checked(), fault.CheckFailed, "check root-readonly is inconclusive: the guest did not report it (and 2 more)", 2, 5},
		"others are reported":       {checked(goodCheck("made-up"), goodCheck("of-nothing")), fault.CheckFailed, "check root-readonly is inconclusive", 2, 5},
		"an outcome of no meaning":  {checked(root, saying("host-key", "PASS", "good"), rootless), fault.CheckFailed, "check host-key: good", 4, 5},
		"an empty outcome":          {checked(root, report.Check{ID: "host-key"}, rootless), fault.CheckFailed, "check host-key:", 4, 5},
		"not applicable, no reason": {checked(root, saying("host-key", report.NotApplicable, " \x00"), rootless), fault.CheckFailed, "check host-key:", 4, 5},
		"twice the same":            {checked(root, root, key, rootless), fault.Failure, "the guest's report is not well-formed", 0, 0},
		"a hostile id":              {checked(root, key, rootless, goodCheck("a b")), fault.Failure, "the guest's report is not well-formed", 0, 0},
		"another host key":          {unasked(func(r *report.Report) { r.HostKey = hostKey(2) }), fault.Failure, "the guest shows another host key than before", 0, 0},
		"another machine":           {unasked(func(r *report.Report) { r.MachineID = strings.Repeat("b", 32) }), fault.Failure, "the guest has another machine id than before", 0, 0},
		"another language":          {unasked(func(r *report.Report) { r.Version = 3 }), fault.Failure, "its image speaks version 3 of holm's language", 0, 0},
		"a line that is too long":   {unasked(func(r *report.Report) { r.Note = strings.Repeat("x", report.MaxLine) }), fault.Failure, "the guest sent a line of more than 64 KiB", 0, 0},
		"it gives up":               {checking(report.Report{Stage: report.StageFailed, Note: "no\nmemory"}), fault.CheckFailed, "check root-readonly is inconclusive: the guest reports: no memory (and 2 more)", 2, 5},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(c.guest)
			_, err := w.holm().Instances.Create(t.Context(), web(), nil)
			refused(t, err, c.kind, `instance "web" is not ready: `+c.says, "holm rm web")
			inst := w.record()
			if inst.State != model.Failed || !strings.HasPrefix(inst.Failure, strings.TrimSuffix(c.says, " (and 2 more)")) && !strings.Contains(inst.Failure, c.says) {
				t.Errorf("the record is %s (%q)", inst.State, inst.Failure)
			}
			if inst.ChecksPassed != c.passed || inst.ChecksTotal != c.total {
				t.Errorf("%d of %d checks passed, want %d of %d", inst.ChecksPassed, inst.ChecksTotal, c.passed, c.total)
			}
			w.play(honest())
			inst, err = w.holm().Instances.Restart(t.Context(), "default", "web", nil)
			if err != nil || inst.State != model.Ready || inst.ChecksPassed != 5 {
				t.Errorf("mended, it is %s with %d: %v", inst.State, inst.ChecksPassed, err)
			}
		})
	}
}

func TestWhatTheHostFindsCountsAsWell(t *testing.T) {
	for outcome, says := range map[report.Outcome]string{
		report.Failed:       "check qemu-user: uid 64055",
		report.Inconclusive: "check qemu-user is inconclusive: uid 64055",
	} {
		w := newWorld(t)
		w.inspect = func(context.Context, verify.Subject) []verify.Result { return seen(outcome, report.Passed) }
		_, err := w.holm().Instances.Create(t.Context(), web(), nil)
		refused(t, err, fault.CheckFailed, says, "holm verify web")
	}
}

func TestWhatIsNotApplicableDoesNotCount(t *testing.T) {
	w := newWorld(t)
	w.inspect = func(context.Context, verify.Subject) []verify.Result {
		return seen(report.NotApplicable, report.Passed)
	}
	if inst := w.created("web"); inst.ChecksPassed != 4 || inst.ChecksTotal != 4 {
		t.Errorf("%d of %d", inst.ChecksPassed, inst.ChecksTotal)
	}
}

func TestTheHostKnowsWhatItNeedsToLookAtAnInstance(t *testing.T) {
	w := newWorld(t)
	w.created("first")
	var got verify.Subject
	w.inspect = func(_ context.Context, s verify.Subject) []verify.Result {
		got = s
		return seen(report.Passed, report.Passed)
	}
	inst := w.created("web")
	if walls, err := got.Walls(t.Context()); err != nil || !walls.Whole() || walls.Bridge != "holm0" {
		t.Errorf("its walls are %+v, %v", walls, err)
	}
	got.Walls = nil
	want := verify.Subject{
		Profile: "docker", User: "ops", Address: inst.Address.String(), HostKey: hostKey(1), KeyPath: parts.KeyPath(w.dir),
		Wanted: got.Wanted, Live: got.Live, Image: debian(), SeedPath: w.file(inst.ID, "seed.iso"), Guest: got.Guest,
		Boots: map[string]string{readyReport().BootID: "default/first"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(verify.Answer{}), cmp.Comparer(func(a, b *verify.Answer) bool { return a == b }), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	if got.Wanted.UUID != inst.UUID || got.Wanted.Seed != "" || !strings.Contains(got.Live, inst.UUID) || strings.Contains(got.Live, "vdc") {
		t.Errorf("wanted %+v\nlive %s", got.Wanted, got.Live)
	}
}

func TestAGuestThatIsSilentWhileItIsCheckedHasProvenNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.play(checking())
		before := time.Now()
		_, err := w.holm().Instances.Create(t.Context(), web(), nil)
		refused(t, err, fault.CheckFailed, "check root-readonly is inconclusive: the guest is silent: not a word of it within 45s (and 2 more)")
		if took := time.Since(before); took != 45*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAGuestIsAskedForItsChecksAgainUntilItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		asked := 0
		w.play(func(uuid string, port io.ReadWriter) {
			for q := range questions(port) {
				if q.Ask != report.AskChecks {
					_ = writeReport(port, q, readyReport())
					continue
				}
				switch asked++; asked {
				case 1: // its agent died over it
				case 2:
					_ = writeReport(port, q, report.Report{Stage: report.StageChecking, Note: "root-readonly"})
					go func() {
						<-time.After(time.Minute)
						_ = writeReport(port, q, checkedReport())
					}()
				}
			}
		})
		w.created("web")
		if asked != 2 {
			t.Errorf("it was asked %d times, want 2: once it has begun, a question would end its answer", asked)
		}
	})
}

func TestAGuestThatEndsWhileItIsCheckedHasFailed(t *testing.T) {
	w := newWorld(t)
	w.play(func(uuid string, port io.ReadWriter) {
		for q := range questions(port) {
			if q.Ask == report.AskChecks {
				w.hyp.Crash(uuid)
				return
			}
			_ = writeReport(port, q, readyReport())
		}
	})
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Failure, "the guest's kernel stopped while being checked", "holm logs web")
}

func TestAnInterruptedCheckIsTakenUpByWait(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	w.inspect = func(ctx context.Context, _ verify.Subject) []verify.Result {
		cancel(errCtrlC)
		<-ctx.Done()
		return seen(report.Inconclusive, report.Inconclusive)
	}
	_, err := w.holm().Instances.Create(ctx, web(), nil)
	refused(t, err, fault.Interrupted, "holm wait web")
	if inst := w.record(); inst.State != model.Booting || inst.SeedAttached {
		t.Errorf("it is %s", inst.State)
	}
	w.inspect = newWorld(t).inspect
	inst, err := w.holm().Instances.Wait(t.Context(), "default", "web", nil)
	if err != nil || inst.State != model.Ready {
		t.Errorf("it is %s: %v", inst.State, err)
	}
}

func TestAnImageWithoutChecksIsRefusedUnlessNobodyAsks(t *testing.T) {
	w := newWorld(t)
	w.images.Checks = nil
	before := w.inventory()
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Refused, "names no checks", "holm image build")
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was made: %s", diff)
	}
	spec := web()
	spec.NoVerify = true
	_, err = w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
}

func TestWhatIsMadeWithoutVerifyingIsNotAskedAndSaysSo(t *testing.T) {
	w := newWorld(t)
	w.play(checked(saying("root-readonly", report.Failed, "writable")))
	spec := web()
	spec.NoVerify = true
	said := ""
	inst, err := w.holm().Instances.Create(t.Context(), spec, func(e operations.Event) {
		if e.Step == "ready" {
			said = e.Text
		}
	})
	must(t, err)
	unasked := func(inst model.Instance) {
		t.Helper()
		if !inst.Unverified || inst.State != model.Ready || inst.ChecksTotal != 0 || !inst.CheckedAt.IsZero() {
			t.Errorf("%+v", inst)
		}
	}
	unasked(inst)
	if !strings.Contains(said, "not verified (--no-verify)") {
		t.Errorf("it says %q", said)
	}
	v, err := w.holm().Proof.Verify(t.Context(), "default", "web", nil)
	must(t, err)
	if inst := w.record(); v.Holds() || inst.ChecksPassed != 2 || inst.ChecksTotal != 5 || !inst.Unverified || inst.State != model.Ready {
		t.Errorf("verified all the same: %+v %+v", v.Counts(), inst)
	}
	inst, err = w.holm().Instances.Restart(t.Context(), "default", "web", nil)
	must(t, err)
	unasked(inst)
}

func TestTheNotesOfAHostileGuestBeingCheckedAreCleaned(t *testing.T) {
	w := newWorld(t)
	w.play(checking(report.Report{Stage: report.StageChecking, Note: strings.Repeat("x", 2000) + "\x1b[2J"}, checkedReport()))
	said := ""
	_, err := w.holm().Instances.Create(t.Context(), web(), func(e operations.Event) { said += fmt.Sprintln(e.Text) })
	must(t, err)
	if strings.ContainsAny(said, "\x1b") || len(said) > 2000 {
		t.Errorf("%q", said)
	}
}
