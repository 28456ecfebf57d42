package provisioner_test

import (
	"errors"
	"os"
	"testing"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/storage/volumes"
)

// virtualGiB is how large the guest of web finds its disk.
func (w *world) virtualGiB(inst model.Instance) int64 {
	w.t.Helper()
	used, err := volumes.OpenState(w.dir).Usage(w.t.Context(), inst.ID)
	must(w.t, err)
	return used.VirtualBytes >> 30
}

func TestAStoppedInstancesVolumeGrows(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	for range 2 { // again is no error
		changed, err := w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
		must(t, err)
		if got := w.virtualGiB(inst); got != 30 || changed.Flavor.DiskGiB != 30 || w.record().Flavor.DiskGiB != 30 {
			t.Errorf("the volume has %d GiB, the record %d", got, w.record().Flavor.DiskGiB)
		}
	}
}

func TestARunningInstancesVolumeGrowsUnderIt(t *testing.T) {
	w, _ := fast(t, whole)
	inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	_, err = w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
	must(t, err)
	stats, err := w.hyp.Stats(t.Context(), inst.UUID)
	must(t, err)
	found := false
	for _, d := range stats.Disks {
		found = found || d.Target == "vdb" && d.CapacityBytes == 30<<30
	}
	if !found {
		t.Errorf("the guest's disks are %+v", stats.Disks)
	}
	if got := w.pool().PromisedPeak; got != 30<<30 {
		t.Errorf("the most that was promised is %d GiB, want 30", got>>30)
	}
}

func TestASizeThatCannotBeIsRefusedAndNothingChanges(t *testing.T) {
	for name, c := range map[string]struct {
		gib  int
		kind fault.Kind
		says []string
	}{
		"smaller":                        {10, fault.Usage, []string{"has 20 GiB", "does not shrink to 10 GiB"}},
		"nothing":                        {0, fault.Usage, []string{"out of range"}},
		"less than nothing":              {-5, fault.Usage, []string{"out of range"}},
		"more than anything":             {1 << 30, fault.Usage, []string{"out of range"}},
		"more than the pool":             {200, fault.Unfit, []string{"200 GiB", "100 GiB"}},
		"more than the others leave":     {90, fault.Refused, []string{"has promised 20 of 100 GiB"}},
		"a pool that has fallen to bits": {30, fault.Unfit, []string{"is broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := fast(t, whole)
			for _, name := range []string{"web", "db"} {
				_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: name, Pool: "fast"}, nil)
				must(t, err)
			}
			if c.gib == 30 {
				w.mount(twoMissing)
			}
			before := w.record()
			_, err := w.holm().Instances.Resize(t.Context(), "default", "web", c.gib, nil)
			refused(t, err, c.kind, c.says...)
			if got := w.record(); got.Flavor != before.Flavor {
				t.Errorf("the record has %+v", got.Flavor)
			}
		})
	}
}

func TestAPausedInstanceIsNotResized(t *testing.T) {
	w, _ := fast(t, whole)
	inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	w.hyp.Stall(inst.UUID, "vdb", hypervisor.DiskFull)
	_, err = w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
	refused(t, err, fault.Failure, "paused")
}

func TestASizeThatCouldNotBeMadeIsTakenBack(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	w.hyp.FailOnce("ResizeDisk", errors.New("QEMU said no"))
	_, err := w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
	if err == nil || w.record().Flavor.DiskGiB != 20 {
		t.Errorf("got %v, and the record has %d GiB", err, w.record().Flavor.DiskGiB)
	}
	ops, err := w.records.Operations(t.Context(), w.record().ID)
	must(t, err)
	if last := ops[len(ops)-1]; last.Kind != "resize" || last.Status != model.Undone || last.Error == "" {
		t.Errorf("the journal says %+v", last)
	}
}

func TestAResizeThatDiedIsFinishedByTheSameAgain(t *testing.T) {
	for _, point := range []string{"resize.recorded", "resize.grown"} {
		for _, running := range []bool{true, false} {
			t.Run(point, func(t *testing.T) {
				w := newWorld(t)
				inst := w.created("web")
				if !running {
					must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
				}
				w.die(point, func(p *provisioner.Engine) error {
					_, err := p.Instances.Resize(t.Context(), "default", "web", 30, nil)
					return err
				})
				if got := w.record().Flavor.DiskGiB; got != 30 {
					t.Fatalf("the record has %d GiB: what may have been grown is not known", got)
				}
				_, err := w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
				must(t, err)
				if !running && w.virtualGiB(inst) != 30 {
					t.Errorf("the volume has %d GiB", w.virtualGiB(inst))
				}
			})
		}
	}
}

func TestAVolumeThatIsGoneIsSaid(t *testing.T) {
	w, path := fast(t, whole)
	inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	must(t, os.Remove(volume(path, inst)))
	_, err = w.holm().Instances.Resize(t.Context(), "default", "web", 30, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
