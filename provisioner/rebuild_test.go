package provisioner_test

import (
	"context"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/guest/report"
	"holm/images"
	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// twoImages are an older and a newer image of one name.
type twoImages struct{ fakeImages }

// newer is the image that came after debian().
func newer() images.Manifest {
	m := debian()
	m.Digest = "sha256:" + strings.Repeat("cd", 32)
	return m
}

func (f twoImages) Get(ref string) (images.Manifest, error) {
	if m := newer(); ref == m.Name || ref == m.Digest {
		return m, nil
	}
	return f.fakeImages.Get(ref)
}

// renewed is a world with an instance of the older image, to which a newer one came.
func renewed(t *testing.T) (*world, model.Instance) {
	t.Helper()
	w := newWorld(t)
	inst := w.created("web")
	w.store = twoImages{fakeImages{debian()}}
	return w, inst
}

// playing has a domain's guest be good or bad by the image that the domain boots.
func (w *world) playing(bad string, badly guest) {
	good := honest()
	w.play(func(uuid string, port io.ReadWriter) {
		if text, err := w.hyp.LiveXML(w.t.Context(), uuid); err == nil && strings.Contains(text, bad) {
			badly(uuid, port)
			return
		}
		good(uuid, port)
	})
}

// broken is a guest that is up and does not keep a promise.
func broken() guest {
	r := checkedReport()
	r.Checks[0].Outcome, r.Checks[0].Found = report.Failed, "wrote to /"
	return checking(r)
}

func rebuild(w *world, ref string) (model.Instance, error) {
	return w.holm().Instances.Rebuild(w.t.Context(), "default", "web", ref, nil)
}

func TestRebuildGivesAnotherImageAndKeepsAllElse(t *testing.T) {
	w, before := renewed(t)
	after, err := rebuild(w, "")
	must(t, err)
	want := before
	want.Image, want.ReadyAt, want.ReadyAfter, want.CheckedAt = newer().Digest, after.ReadyAt, after.ReadyAfter, after.CheckedAt
	if diff := cmp.Diff(want, after, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("it is another one: %s", diff)
	}
	live, err := w.hyp.LiveXML(t.Context(), after.UUID)
	must(t, err)
	if !strings.Contains(live, filepath.Join(newer().Digest, "root.img")) || strings.Contains(live, "seed.iso") {
		t.Errorf("it runs\n%s", live)
	}
	must(t, w.records.VerifyAudit(t.Context()))
}

func TestRebuildWithTheImageThatItHasChangesNothing(t *testing.T) {
	w, before := renewed(t)
	calls := len(w.hyp.Calls())
	after, err := rebuild(w, before.Image)
	must(t, err)
	if diff := cmp.Diff(before, after, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" || len(w.changes(calls)) > 0 {
		t.Errorf("it called %q and changed %s", w.changes(calls), diff)
	}
}

func TestAnImageThatDoesNotKeepItsPromisesIsTakenOutAgain(t *testing.T) {
	for name, bad := range map[string]guest{
		"a check fails":       broken(),
		"the guest says no":   answering(report.Report{Stage: report.StageFailed, Note: "dockerd did not start"}),
		"another guest comes": answering(func() report.Report { r := readyReport(); r.HostKey = hostKey(2); return r }()),
	} {
		t.Run(name, func(t *testing.T) {
			w, before := renewed(t)
			w.playing(newer().Digest, bad)
			after, err := rebuild(w, "")
			kind := fault.Failure
			if name == "a check fails" {
				kind = fault.CheckFailed
			}
			refused(t, err, kind, "runs its old image abababababab again", "cdcdcdcdcdcd", "holm create NAME --image sha256:cdcd")
			if after.Image != before.Image || after.Previous != nil || after.State != model.Ready {
				t.Errorf("the record is %+v", after)
			}
			if live, err := w.hyp.LiveXML(t.Context(), after.UUID); err != nil || !strings.Contains(live, before.Image) {
				t.Errorf("it runs, %v,\n%s", err, live)
			}
		})
	}
}

func TestWhenNeitherImageDoesItIsSaidAndCanBeTriedAgain(t *testing.T) {
	w, _ := renewed(t)
	w.play(broken())
	after, err := rebuild(w, "")
	refused(t, err, fault.CheckFailed, "ready neither with image cdcdcdcdcdcd nor with abababababab", "holm logs web")
	if after.State != model.Failed || after.Previous == nil {
		t.Errorf("the record is %+v", after)
	}
	w.play(honest())
	if again, err := rebuild(w, ""); err != nil || again.Image != newer().Digest || again.Previous != nil {
		t.Errorf("%v: the record is %+v", err, again)
	}
}

func TestAfterADeathAnywhereARebuildConverges(t *testing.T) {
	probe, _ := renewed(t)
	var (
		mu     sync.Mutex // steps of one stage run side by side
		points []string
	)
	probe.crash = func(point string) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(points, point) {
			points = append(points, point)
		}
	}
	_, err := rebuild(probe, "")
	must(t, err)
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			w, before := renewed(t)
			w.die(point, func(p *provisioner.Engine) error {
				_, err := p.Instances.Rebuild(t.Context(), "default", "web", "", nil)
				return err
			})
			inst, err := rebuild(w, "")
			must(t, err)
			if inst.Image != newer().Digest || inst.Previous != nil || inst.State != model.Ready || inst.HostKey != before.HostKey {
				t.Errorf("the record is %+v", inst)
			}
			live, err := w.hyp.LiveXML(t.Context(), inst.UUID)
			must(t, err)
			if !strings.Contains(live, newer().Digest) {
				t.Errorf("it runs\n%s", live)
			}
		})
	}
}

func TestWhatARebuildThatDiedLeftIsStarted(t *testing.T) {
	w, _ := renewed(t)
	w.die("rebuild.stopped", func(p *provisioner.Engine) error {
		_, err := p.Instances.Rebuild(t.Context(), "default", "web", "", nil)
		return err
	})
	closed := got(w.holm().History.Close(t.Context(), true))(t)
	if len(closed) != 1 || closed[0].Status != model.Stuck || !strings.Contains(closed[0].Remedy, "holm rebuild --keep-state web") {
		t.Errorf("its operation ended as %+v", closed)
	}
	inst, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
	must(t, err)
	live, err := w.hyp.LiveXML(t.Context(), inst.UUID)
	must(t, err)
	if inst.Image != newer().Digest || inst.Previous != nil || !strings.Contains(live, newer().Digest) {
		t.Errorf("the record is %+v, and it runs\n%s", inst, live)
	}
}

func TestARebuildThatIsInterruptedCanBeFinishedOrTakenBack(t *testing.T) {
	for name, ref := range map[string]string{"finished": "", "taken back": debian().Digest} {
		t.Run(name, func(t *testing.T) {
			w, _ := renewed(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			_, err := w.holm().Instances.Rebuild(ctx, "default", "web", "", func(e operations.Event) {
				if e.Step == "booting" && e.Phase == operations.Begun {
					cancel(errCtrlC)
				}
			})
			refused(t, err, fault.Interrupted, "holm rebuild --keep-state web", "--image "+debian().Digest)
			inst, err := rebuild(w, ref)
			must(t, err)
			want := newer().Digest
			if ref != "" {
				want = ref
			}
			if inst.Image != want || inst.Previous != nil || inst.State != model.Ready {
				t.Errorf("the record is %+v", inst)
			}
		})
	}
}

func TestRebuildRefusesWhatCannotBe(t *testing.T) {
	w, _ := renewed(t)
	_, err := rebuild(w, "debian-99")
	refused(t, err, fault.NotFound, "debian-99")
	w.store = oneProfile{twoImages{fakeImages{debian()}}}
	_, err = rebuild(w, "")
	refused(t, err, fault.Refused, `has no profile "docker"`)

	young := newWorld(t)
	young.interrupted()
	_, err = rebuild(young, "")
	refused(t, err, fault.Refused, "was never ready", "holm rm web")
}

// oneProfile are images that can only be plain.
type oneProfile struct{ twoImages }

func (f oneProfile) Get(ref string) (images.Manifest, error) {
	m, err := f.twoImages.Get(ref)
	m.Profiles = []string{"plain"}
	return m, err
}

func TestAnImageThatARebuildMayReturnToIsInUse(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	inst := w.record()
	previous := model.ImageRef{Digest: "sha256:" + strings.Repeat("0", 64), Name: "old"}
	must1(t)(w.records.Update(t.Context(), inst.ID, func(i *model.Instance) error { i.Previous = &previous; return nil }))
	var users map[string][]string
	must(t, w.holm().Instances.WithImageUsers(t.Context(), func(all map[string][]string) error { users = all; return nil }))
	for _, digest := range []string{inst.Image, previous.Digest} {
		if !slices.Equal(users[digest], []string{"web"}) {
			t.Errorf("%s is used by %q", digest, users[digest])
		}
	}
}
