package provisioner_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/storage/records"
)

// failing makes a method of the hypervisor fail.
func (w *world) failing(methods ...string) {
	w.hyp.FailWith(func(method, _ string) error {
		for _, m := range methods {
			if m == method {
				return fault.New(fault.Unfit, "mend it", "%s: boom\nand more", m)
			}
		}
		return nil
	})
}

// at calls do when the provisioner comes to a crash point.
func (w *world) at(point string, do func()) {
	w.crash = func(reached string) {
		if reached == point {
			do()
		}
	}
}

// block puts a folder where a file of the only instance is to be.
func (w *world) block(name string) { must(w.t, os.Mkdir(w.file(w.record().ID, name), 0o700)) }

func TestACreateThatFailsLeavesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(w *world)
		kind   fault.Kind
		says   []string
	}{
		"when the database is busy": {
			func(w *world) { w.records.fail = failOn("Reserve", records.ErrBusy) }, fault.Busy, []string{"another process"},
		},
		"when the disk is full": {
			func(w *world) { w.records.fail = failOn("PutOperation create running", syscall.ENOSPC) }, fault.Failure,
			[]string{"create web: journal: ", "free some space"},
		},
		"when the subnet is full": {func(w *world) {
			w.network.Subnet = netip.MustParsePrefix("10.9.0.0/28")
			for i := range 5 {
				w.created(string(rune('a' + i)))
			}
		}, fault.Refused, []string{"no free address", "holm rm"}},
		"when the folder cannot be made": {func(w *world) {
			w.at("create.reserved", func() { must(w.t, os.WriteFile(w.file(w.record().ID, ""), nil, 0o600)) })
		}, fault.Failure, []string{"create web: folder:", "not a directory", "undone: folder, reservation"}},
		"when the network cannot be made": {
			func(w *world) { w.failing("EnsureNetwork") }, fault.Unfit, []string{"create web: network:", "boom; and more", "mend it"},
		},
		"when something lies where the volume is to be": {
			func(w *world) { w.at("create.volume.before", func() { w.block("state.qcow2") }) }, fault.Failure,
			[]string{"create web: volume:", "is not a file", "undone: "},
		},
		"when something lies where the seed is to be": {
			func(w *world) { w.at("create.seed.before", func() { w.block("seed.iso") }) }, fault.Failure,
			[]string{"create web: seed:", "undone: "},
		},
		"when holm's key cannot be read": {func(w *world) {
			w.at("create.reserved", func() {
				must(w.t, os.WriteFile(filepath.Join(w.dir, "keys", "ssh_ed25519"), []byte("garbage"), 0o600))
			})
		}, fault.Failure, []string{"create web: seed: read holm's client key", "undone: "}},
		"when the definition is refused": {
			func(w *world) { w.failing("Define") }, fault.Unfit, []string{"create web: defined:", "mend it"},
		},
		"when the domain's name is somebody else's": {func(w *world) {
			must(w.t, w.hyp.Define(w.t.Context(), `<domain type="kvm"><name>holm.default.web</name><uuid>11111111-0000-4000-8000-000000000000</uuid></domain>`))
		}, fault.Exists, []string{"create web: defined:", "does not belong to holm", "undone: "}},
		"when the start is refused": {
			func(w *world) { w.failing("Start") }, fault.Unfit, []string{"create web: started:", "mend it"},
		},
		"when the journal cannot be written": {func(w *world) {
			w.records.fail = failOnce("PutOperation create running", 3, errors.New("disk full"))
		}, fault.Failure, []string{"create web: journal: disk full", "undone: "}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.breaks(w)
			before := w.inventory()
			_, err := w.holm().Instances.Create(t.Context(), web(), nil)
			refused(t, err, c.kind, c.says...)
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something was left: %s", diff)
			}
			w.records.fail = nil
			must(t, w.records.VerifyAudit(t.Context()))
			ops, err := w.records.Operations(t.Context(), "")
			must(t, err)
			for _, op := range ops {
				if op.Status != model.Undone && op.Status != model.Done {
					t.Errorf("operation %s (%s) is still %s", op.ID, op.Kind, op.Status)
				}
			}
		})
	}
}

// What is done is not undone for want of a line that says so.
func TestABusyDatabaseCutsNoPower(t *testing.T) {
	w := newWorld(t)
	w.records.fail = failOnce("Record create done", 1, records.ErrBusy)
	must1(t)(w.holm().Instances.Create(t.Context(), web(), nil))
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
	w.records.fail = failOnce("Record start done", 1, records.ErrBusy)
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	if got := w.state(w.record()); got != hypervisor.Running || w.record().State != model.Ready {
		t.Errorf("it is %s, and %s on record", got, w.record().State)
	}
}

func failOn(method string, err error) func(string) error {
	return func(m string) error {
		if m == method {
			return err
		}
		return nil
	}
}

// failOnce fails the nth call.
func failOnce(method string, nth int, err error) func(string) error {
	return func(m string) error {
		if m != method {
			return nil
		}
		if nth--; nth == 0 {
			return err
		}
		return nil
	}
}

func TestCtrlCBeforeTheGuestRunsLeavesNothing(t *testing.T) {
	points := []string{"create.reserved"}
	for _, step := range []string{"folder", "network", "volume", "seed", "defined"} {
		points = append(points, "create."+step+".before", "create."+step+".after")
	}
	for _, point := range append(points, "create.started.before") {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			before := w.inventory()
			ctx, cancel := context.WithCancelCause(t.Context())
			w.at(point, func() { cancel(errCtrlC) })
			_, err := w.holm().Instances.Create(ctx, web(), nil)
			refused(t, err, fault.Interrupted, "create web: interrupted", "undone: ", "reservation")
			if !errors.Is(err, errCtrlC) {
				t.Errorf("%v does not wrap its cause", err)
			}
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something was left: %s", diff)
			}
		})
	}
}

func TestCtrlCBeforeAnythingTouchesNothing(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCtrlC)
	if _, err := w.holm().Instances.Create(ctx, web(), nil); !errors.Is(err, errCtrlC) {
		t.Errorf("got %v, want %v", err, errCtrlC)
	}
	if exists(t, filepath.Join(w.dir, "holm.db")) {
		t.Error("a database was made")
	}
}

func TestTimeIsUpBeforeTheGuestRuns(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	ctx, cancel := context.WithCancelCause(t.Context())
	w.at("create.volume.after", func() { cancel(context.DeadlineExceeded) })
	_, err := w.holm().Instances.Create(ctx, web(), nil)
	refused(t, err, fault.Failure, "create web: the time is up", "undone: ")
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
}

func TestAnErrorIsNotTakenForTheCtrlCThatFollowsIt(t *testing.T) {
	w := newWorld(t)
	w.failing("Define")
	ctx, cancel := context.WithCancelCause(t.Context())
	w.at("create.network.undo.before", func() { cancel(errCtrlC) })
	_, err := w.holm().Instances.Create(ctx, web(), nil)
	refused(t, err, fault.Unfit, "create web: defined:", "boom")
}

func TestWhatCannotBeUndoneIsKeptOnRecordAndCanBeRemoved(t *testing.T) {
	for name, methods := range map[string][]string{
		"the domain":            {"Start", "Undefine"},
		"the running guest":     {"Start", "Destroy"},
		"the network":           {"Start", "RemoveNetwork"},
		"everything in libvirt": {"Start", "Undefine", "Destroy", "RemoveNetwork"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.inventory()
			w.failing(methods...)
			_, err := w.holm().Instances.Create(t.Context(), web(), nil)
			refused(t, err, fault.Leftover, "create web: started:", "left behind: ", "holm rm web")
			inst := w.record()
			if inst.State != model.Destroying || inst.Failure == "" {
				t.Errorf("the record is %s (%q), want destroying, and why", inst.State, inst.Failure)
			}
			w.hyp.FailWith(nil)
			must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something was left: %s", diff)
			}
		})
	}
}

func TestAGuestThatRunsButIsNotOnRecordCanBeCreatedAgain(t *testing.T) {
	w := newWorld(t)
	apart := failOnce("Update", 1, records.ErrBusy)
	w.records.fail = func(method string) error {
		if method == "Record create done" { // with the operation; what follows tries it without
			return records.ErrBusy
		}
		return apart(method)
	}
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Busy, "it was started", "holm rm web")
	first := w.record()
	again := w.created("web")
	if again.ID == first.ID || w.state(first) != "absent" || exists(t, w.file(first.ID, "")) {
		t.Errorf("the first one is still there: %+v", first)
	}
}
