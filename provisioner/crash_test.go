package provisioner_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/model"
)

// death stops a process at a crash point for good: whoever in it comes to that point, or to any other one afterwards,
// never returns. To the world that is as if it had been killed.
type death struct {
	at string

	mu      sync.Mutex
	dead    bool
	working int           // steps that are between their points
	still   chan struct{} // closed once nobody works any more
}

func (d *death) point(point string) {
	before := strings.HasSuffix(point, ".before")
	d.mu.Lock()
	if !before && strings.HasSuffix(point, ".after") {
		d.working--
	}
	if !d.dead && point != d.at {
		if before && point != "destroy.record.before" && point != "ready.before" { // these have no after
			d.working++
		}
		d.mu.Unlock()
		return
	}
	if point == "destroy.wiped" || slices.Contains(startPoints(), point) {
		d.working-- // it dies in the middle of a step
	}
	d.dead = true
	// Destroying is done under the point of its network step.
	if d.working == 0 || point == "destroy.record.before" {
		select {
		case <-d.still:
		default:
			close(d.still)
		}
	}
	d.mu.Unlock()
	select {}
}

// die runs do in a process that dies at that point, and gives back what the kernel would: its locks.
func (w *world) die(point string, do func(*provisioner.Engine) error) {
	w.t.Helper()
	d := &death{at: point, still: make(chan struct{})}
	w.crash = d.point
	doomed := w.holm()
	w.crash = nil
	survived := make(chan error, 1)
	go func() { survived <- do(doomed) }()
	select {
	case <-d.still:
	case err := <-survived:
		w.t.Fatalf("the process did not come to %s: %v", point, err)
	}
	must(w.t, os.Rename(filepath.Join(w.dir, "locks"), filepath.Join(w.t.TempDir(), "locks")))
}

// passes are the points that a create comes to, and those of its undoing, of its removal.
func passes(t *testing.T) (creating, undoing, removing []string) {
	w := newWorld(t)
	var mu sync.Mutex
	collect := func(into *[]string, prefix string) {
		w.crash = func(point string) {
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(point, prefix) {
				*into = append(*into, point)
			}
		}
	}
	collect(&creating, "")
	w.created("web")
	collect(&removing, "destroy.")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	collect(&undoing, ".undo.")
	w.failing("Start")
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Unfit)
	if len(creating) != 23 || len(undoing) != 12 || len(removing) != 16 {
		t.Fatalf("there are other crash points than known: %q %q %q", creating, undoing, removing)
	}
	return creating, undoing, removing
}

// deaths runs check for a world in which a process has died, for each point at which it can.
func deaths(t *testing.T, check func(t *testing.T, w *world, before []string)) {
	creating, undoing, removing := passes(t)
	for _, point := range slices.Concat(creating, undoing, removing) {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			before := w.inventory()
			create := func(p *provisioner.Engine) error {
				_, err := p.Instances.Create(t.Context(), web(), nil)
				return err
			}
			if slices.Contains(undoing, point) {
				w.failing("Start")
			}
			if slices.Contains(removing, point) {
				w.created("web")
				w.die(point, func(p *provisioner.Engine) error { return p.Instances.Remove(t.Context(), "default", "web", nil) })
			} else {
				w.die(point, create)
			}
			w.hyp.FailWith(nil)
			check(t, w, before)
			must(t, w.records.VerifyAudit(t.Context()))
		})
	}
}

func TestAfterADeathAnywhereCreateConverges(t *testing.T) {
	deaths(t, func(t *testing.T, w *world, _ []string) {
		holm := w.holm()
		left, err := w.records.List(t.Context(), "")
		must(t, err)
		if len(left) == 1 && left[0].State == model.Booting {
			// It was started and is on record: there is nothing to create, but to wait for.
			_, err := holm.Instances.Create(t.Context(), web(), nil)
			refused(t, err, fault.Exists, "holm show web")
			_, err = holm.Instances.Wait(t.Context(), "default", "web", nil)
			must(t, err)
		} else {
			_, err := holm.Instances.Create(t.Context(), web(), nil)
			must(t, err)
		}
		inst := w.record()
		want := []string{"domain " + inst.UUID + " running", "domain " + decoy + " running"}
		slices.Sort(want)
		want = append(
			want, "network decoy", "network holm-default", "record default/web "+inst.ID,
			"file "+w.file(inst.ID, ""), "file "+w.file(inst.ID, "known_hosts"), "file "+w.file(inst.ID, "state.qcow2"),
		)
		if diff := cmp.Diff(want, w.inventory()); diff != "" {
			t.Errorf("not what one instance has: %s", diff)
		}
		if inst.State != model.Ready || inst.SeedAttached {
			t.Errorf("it is not settled: %+v", inst)
		}
	})
}

func TestAfterADeathAnywhereRemoveLeavesNothing(t *testing.T) {
	deaths(t, func(t *testing.T, w *world, before []string) {
		left, err := w.records.List(t.Context(), "")
		must(t, err)
		err = w.holm().Instances.Remove(t.Context(), "default", "web", nil)
		if len(left) == 0 {
			refused(t, err, fault.NotFound, "holm ls")
		} else {
			must(t, err)
		}
		if diff := cmp.Diff(before, w.inventory()); diff != "" {
			t.Errorf("something was left: %s", diff)
		}
		ops, err := w.records.Operations(t.Context(), "")
		must(t, err)
		for _, op := range ops {
			if op.Status != model.Done && op.Status != model.Undone {
				t.Errorf("operation %s (%s) looks as if it still had to be undone: %s", op.ID, op.Kind, op.Status)
			}
		}
	})
}

func TestWhatADeathLeftUnfinishedIsNeitherStartedNorStoppedNorWaitedFor(t *testing.T) {
	w := newWorld(t)
	create := func(p *provisioner.Engine) error {
		_, err := p.Instances.Create(t.Context(), web(), nil)
		return err
	}
	w.die("create.defined.after", create)
	ctx, holm := t.Context(), w.holm()
	_, start := holm.Instances.Start(ctx, "default", "web", nil)
	_, restart := holm.Instances.Restart(ctx, "default", "web", nil)
	_, wait := holm.Instances.Wait(ctx, "default", "web", nil)
	for _, err := range []error{start, restart, wait, holm.Instances.Stop(ctx, "default", "web", true, nil)} {
		refused(t, err, fault.Failure, `instance "web" was left unfinished (creating)`, "holm rm web", "holm create web")
	}
	rows, err := holm.Instances.List(ctx, "")
	must(t, err)
	if len(rows) != 1 || rows[0].Status != "creating" {
		t.Errorf("got %+v", rows)
	}
}
