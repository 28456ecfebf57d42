package provisioner_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/internal/lock"
	"holm/provisioner"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/records"
)

func TestAnOperationIsFoundByItsIdAndSaysWhoBeganIt(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	w.created("db")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "db", nil))
	ctx, history := t.Context(), w.holm().History
	var kinds []string
	all := got(history.List(ctx, "", ""))(t)
	for _, op := range all {
		kinds = append(kinds, op.Name+" "+op.Kind+" "+string(op.Status))
		if op.Actor != records.Actor() {
			t.Errorf("%s: begun by %q, want %q", op.Kind, op.Actor, records.Actor())
		}
		if diff := cmp.Diff(op, got(history.Show(ctx, op.ID))(t)); diff != "" {
			t.Errorf("listed and shown differ: %s", diff)
		}
	}
	if diff := cmp.Diff([]string{"web create done", "db create done", "db destroy done"}, kinds); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if db := got(history.List(ctx, "default", "db"))(t); len(db) != 2 {
		t.Errorf("of db, which is gone, there are %d, want 2", len(db))
	}
	if acme := got(history.List(ctx, "acme", ""))(t); len(acme) != 0 {
		t.Errorf("of another tenant there are %+v", acme)
	}
	_, err := history.Show(ctx, "0000-none")
	refused(t, err, fault.NotFound, `no operation "0000-none" is kept`, "holm operation ls --all")
	_, err = history.List(ctx, "default", "none")
	refused(t, err, fault.NotFound, `no operation of an instance "none" in tenant "default" is kept`)
}

func TestAnOperationKnowsThePoolOfItsInstance(t *testing.T) {
	op := (&operations.Service{Now: time.Now}).Operation("start", model.Instance{ID: "0123456789ab", Pool: "fast"})
	if op.Pool != "fast" || op.Instance != "0123456789ab" {
		t.Errorf("it says %+v", op)
	}
}

func TestAnOperationRunsWhileItsProcessLivesAndIsAbandonedAfterwards(t *testing.T) {
	w := newWorld(t)
	status := func() model.Status {
		all := got(w.holm().History.List(t.Context(), "default", "web"))(t)
		return all[len(all)-1].Status
	}
	w.crash = func(point string) {
		if point == "create.defined.after" && status() != model.Running {
			t.Errorf("while it runs it is %s", status())
		}
	}
	w.created("web")
	if now := status(); now != model.Done {
		t.Errorf("afterwards it is %s", now)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	w.die("create.defined.after", func(p *provisioner.Engine) error {
		_, err := p.Instances.Create(t.Context(), web(), nil)
		return err
	})
	if now := status(); now != operations.Abandoned {
		t.Errorf("after its death it is %s", now)
	}
	stored := got(w.records.Operations(t.Context(), w.record().ID))(t)
	if stored[0].Status != model.Running {
		t.Errorf("to look at it has written it down as %s", stored[0].Status)
	}
}

func TestAfterADeathAnywhereItsOperationIsClosedAndNothingElseChanges(t *testing.T) {
	deaths(t, func(t *testing.T, w *world, _ []string) {
		ctx, history := t.Context(), w.holm().History
		before := w.inventory()
		would := got(history.Close(ctx, true))(t)
		if again := got(history.Close(ctx, true))(t); len(again) != len(would) {
			t.Errorf("a dry run has closed some: %d of %d are left", len(again), len(would))
		}
		closed := got(history.Close(ctx, false))(t)
		for i := range closed {
			would[i].Ended = closed[i].Ended
		}
		if diff := cmp.Diff(would, closed); diff != "" {
			t.Errorf("what was done is not what was said (-said +done):\n%s", diff)
		}
		for _, op := range got(history.List(ctx, "", ""))(t) {
			if !op.Over() {
				t.Errorf("%s is still %s", op.Kind, op.Status)
			}
		}
		if diff := cmp.Diff(before, w.inventory()); diff != "" {
			t.Errorf("the host is another one: %s", diff)
		}
		if again := got(history.Close(ctx, false))(t); len(again) != 0 {
			t.Errorf("closed again: %+v", again)
		}
		left := got(w.records.Instances(ctx))(t)
		unfinished := len(left) == 1 && (left[0].State == model.Creating || left[0].State == model.Destroying)
		if said := got(history.Unfinished(ctx))(t); (len(said) == 1) != unfinished {
			t.Errorf("of %d instances it is said: %+v", len(left), said)
		} else if unfinished && !strings.Contains(said[0].What, "holm rm web") {
			t.Errorf("it is said %q", said[0].What)
		}
		for _, c := range closed {
			if unfinished && (c.Status != model.Stuck || c.Remedy == "") {
				t.Errorf("the instance is unfinished, and %s is %s (%q)", c.Kind, c.Status, c.Remedy)
			}
		}
	})
}

func TestAChangeThatDiedEndsByTheRecord(t *testing.T) {
	for _, c := range []struct {
		point  string
		do     func(p *provisioner.Engine) error
		status model.Status
		says   string
	}{
		{"resize.recorded", func(p *provisioner.Engine) error {
			_, err := p.Instances.Resize(t.Context(), "default", "web", 30, nil)
			return err
		}, model.Stuck, "finish it: holm resize web --disk 30G"},
		{"start.started.before", func(p *provisioner.Engine) error {
			_, err := p.Instances.Start(t.Context(), "default", "web", nil)
			return err
		}, model.Undone, "the instance is stopped on record"},
	} {
		t.Run(c.point, func(t *testing.T) {
			w := newWorld(t)
			w.created("web")
			must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
			w.die(c.point, c.do)
			closed := got(w.holm().History.Close(t.Context(), false))(t)
			if len(closed) != 1 || closed[0].Status != c.status || !strings.Contains(closed[0].Error+closed[0].Remedy, c.says) {
				t.Errorf("it ended as %+v, want %s and %q", closed, c.status, c.says)
			}
			if closed[0].Actor != records.Actor() {
				t.Errorf("it is said that %q began it", closed[0].Actor)
			}
		})
	}
}

func TestWhatAHolmIsAtWorkOnIsNotClosed(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	op := model.Operation{ID: "ffff-0000", Kind: "stop", Instance: inst.ID, Tenant: inst.Tenant, Name: inst.Name, Status: model.Running}
	must(t, w.records.PutOperation(t.Context(), op))
	held := got(lock.Acquire(t.Context(), filepath.Join(w.dir, "locks", "default.web")))(t)
	if closed := got(w.holm().History.Close(t.Context(), false))(t); len(closed) != 0 {
		t.Errorf("closed: %+v", closed)
	}
	must(t, held.Release())
	if closed := got(w.holm().History.Close(t.Context(), false))(t); len(closed) != 1 || closed[0].Status != model.Undone {
		t.Errorf("closed: %+v", closed)
	}
}

func TestWhatWouldBeReconciledIsSaidAndLeftAsItIs(t *testing.T) {
	w := newWorld(t)
	ctx, holm := t.Context(), w.holm()
	if broken, err := holm.Networks.BrokenWalls(ctx); err != nil || len(broken) != 0 {
		t.Errorf("on an empty host: %+v (%v)", broken, err)
	}
	inst := w.created("web")
	whole := w.tables()
	w.hyp.PowerOff(inst.UUID)
	w.wall.mu.Lock()
	clear(w.wall.tables)
	w.wall.mu.Unlock()
	for range 2 {
		drifted := got(holm.Instances.Drifted(ctx))(t)
		if len(drifted) != 1 || !strings.Contains(drifted[0].What, "switched off from within") || w.record().State != model.Ready {
			t.Errorf("said is %+v, and it is %s", drifted, w.record().State)
		}
		broken := got(holm.Networks.BrokenWalls(ctx))(t)
		if len(broken) != 1 || broken[0].Network != "holm-default" || len(w.tables()) != 0 {
			t.Errorf("said is %+v, and there are %v", broken, w.tables())
		}
	}
	got(holm.Networks.KeepWalls(ctx))(t)
	if len(w.tables()) != len(whole) {
		t.Errorf("they are not back: %v", w.tables())
	}
	got(holm.Instances.Reconcile(ctx))(t)
	if drifted := got(holm.Instances.Drifted(ctx))(t); len(drifted) != 0 {
		t.Errorf("afterwards: %+v", drifted)
	}
}

// got is a value that came without an error.
func got[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return value
	}
}

func TestWhoeverAsksIsToldWhichOperationsAChangeWas(t *testing.T) {
	w, _ := renewed(t) // there is "web", and an image for it
	for _, c := range []struct {
		name string
		do   func(ctx context.Context, p *provisioner.Engine) error
		want []string
	}{
		{"start of what runs", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Start(ctx, "default", "web", nil)
			return err
		}, nil},
		{"rebuild", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Rebuild(ctx, "default", "web", "", nil)
			return err
		}, []string{"rebuild", "start"}},
		{"stop", func(ctx context.Context, p *provisioner.Engine) error {
			return p.Instances.Stop(ctx, "default", "web", true, nil)
		}, []string{"stop"}},
		{"resize", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Resize(ctx, "default", "web", 30, nil)
			return err
		}, []string{"resize"}},
		{"remove", func(ctx context.Context, p *provisioner.Engine) error {
			return p.Instances.Remove(ctx, "default", "web", nil)
		}, []string{"destroy"}},
		{"create", func(ctx context.Context, p *provisioner.Engine) error {
			_, err := p.Instances.Create(ctx, web(), nil)
			return err
		}, []string{"create"}},
		{"create of what is there", func(ctx context.Context, p *provisioner.Engine) error {
			if _, err := p.Instances.Create(ctx, web(), nil); fault.KindOf(err) != fault.Exists {
				return fmt.Errorf("it was to be refused: %w", err)
			}
			return nil
		}, nil},
	} {
		ctx, trail := operations.Traced(t.Context())
		must(t, c.do(ctx, w.holm()))
		var kinds []string
		for _, op := range trail.Begun() {
			kinds = append(kinds, op.Kind)
			if kept := got(w.holm().History.Show(t.Context(), op.ID))(t); kept.Status != model.Done || kept.Kind != op.Kind {
				t.Errorf("%s: the journal has %+v", c.name, kept)
			}
		}
		if c.name == "rebuild" { // how the guest is switched off meanwhile is no matter here
			kinds = slices.DeleteFunc(kinds, func(kind string) bool { return kind == "stop" })
		}
		if !slices.Equal(kinds, c.want) {
			t.Errorf("%s: it was %q, want %q", c.name, kinds, c.want)
		}
		if len(kinds) > 0 && trail.ID(c.want[0]) != trail.Begun()[0].ID {
			t.Errorf("%s: it is named %s", c.name, trail.ID(c.want[0]))
		}
	}
}
