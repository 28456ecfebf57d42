package provisioner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/pools"
)

// texts collects what is told of one step.
func texts(step string, into *[]string) operations.Observer {
	return func(e operations.Event) {
		if e.Step == step && e.Phase == operations.Finished {
			*into = append(*into, e.Text)
		}
	}
}

func TestAnInstanceRunsOnInADegradedPoolAndAPersonHearsOfItOnce(t *testing.T) {
	w, _ := fast(t, whole)
	_, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	w.mount(oneMissing)
	restart := func(o operations.Observer) {
		t.Helper()
		_, err := w.holm().Instances.Restart(t.Context(), "default", "web", o)
		must(t, err)
	}
	restart(nil) // nobody watches, so nobody is told
	var told []string
	restart(texts("pool", &told))
	if len(told) != 1 || !strings.Contains(told[0], "fast is DEGRADED: md0: 1 of 4 members missing") {
		t.Errorf("told was %q", told)
	}
	restart(texts("pool", &told))
	if len(told) != 1 {
		t.Errorf("it was told again: %q", told)
	}
	w.mount(whole)
	restart(nil)
	w.mount(oneMissing)
	restart(texts("pool", &told))
	if len(told) != 2 {
		t.Errorf("that it is degraded once more was not told: %q", told)
	}
}

func TestALookAtAPoolSaysWhatHasChanged(t *testing.T) {
	w, _ := fast(t, whole)
	look := func(want model.PoolStatus, changed bool) {
		t.Helper()
		views, err := w.holm().Pools.List(t.Context())
		must(t, err)
		if v := views[0]; v.Health.Status != want || v.Changed != changed {
			t.Errorf("the pool is %s, changed %v; want %s, %v", v.Health.Status, v.Changed, want, changed)
		}
	}
	look(model.PoolHealthy, false)
	w.mount(oneMissing)
	look(model.PoolDegraded, true)
	since := w.pool().Health.Since
	look(model.PoolDegraded, false)
	if !w.pool().Health.Since.Equal(since) {
		t.Error("it is degraded since another time")
	}
	w.mount(twoMissing)
	look(model.PoolBroken, true)
	w.mount(whole)
	look(model.PoolHealthy, true)
}

func TestLookingSeldomWrites(t *testing.T) {
	w, _ := fast(t, whole)
	before := w.pool()
	w.mount(func(t *pools.Tree) { t.FreeBytes -= 1 << 20 })
	_, err := w.holm().Pools.List(t.Context())
	must(t, err)
	if after := w.pool(); after.UsedPeak != before.UsedPeak {
		t.Errorf("the high-water mark was written for a MiB: %d", after.UsedPeak)
	}
	w.mount(func(t *pools.Tree) { t.FreeBytes -= 1 << 30 })
	_, err = w.holm().Pools.List(t.Context())
	must(t, err)
	w.mount(whole)
	if after := w.pool(); after.UsedPeak != 11<<30 {
		t.Errorf("the most that was used is %d GiB, want 11", after.UsedPeak>>30)
	}
}

func TestNothingStartsOnABrokenPool(t *testing.T) {
	w, _ := fast(t, whole)
	inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	w.mount(twoMissing)
	_, err = w.holm().Instances.Start(t.Context(), "default", "web", nil)
	refused(t, err, fault.Unfit, `pool "fast" is broken`, "holm pool show fast")
	if w.state(inst) != hypervisor.Off {
		t.Error("it was started")
	}
}

func TestAnInstanceOutlivesItsPoolUntilItIsGivenUp(t *testing.T) {
	for name, gone := range map[string]func(w *world, path string){
		"nothing is mounted": func(w *world, path string) {
			w.mu.Lock()
			delete(w.grounds, path)
			w.mu.Unlock()
		},
		"another file system is mounted": func(w *world, _ string) { w.mount(func(t *pools.Tree) { t.FSUUID = "other" }) },
	} {
		t.Run(name, func(t *testing.T) {
			w, path := fast(t, whole)
			inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
			must(t, err)
			gone(w, path)
			refused(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil), fault.Unfit, `pool "fast" is not there`, "holm rm --give-up-volume web")
			if w.record().State != model.Ready || w.state(inst) != hypervisor.Running {
				t.Errorf("the record is %s, the guest %s", w.record().State, w.state(inst))
			}
			must(t, w.holm().Instances.GiveUp(t.Context(), "default", "web", nil))
			if !exists(t, volume(path, inst)) {
				t.Error("the volume was removed from a pool that is not there")
			}
			must(t, w.holm().Pools.Remove(t.Context(), "fast"))
		})
	}
}

func TestGivingUpAVolumeThatIsThereRemovesIt(t *testing.T) {
	w, path := fast(t, oneMissing)
	spec := inFast()
	spec.AllowDegraded = true
	inst, err := w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
	must(t, w.holm().Instances.GiveUp(t.Context(), "default", "web", nil))
	if exists(t, volume(path, inst)) {
		t.Error("the volume is still there")
	}
}

func TestAPoolWithInstancesOrOnDutyStays(t *testing.T) {
	w, path := fast(t, whole)
	_, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	refused(t, w.holm().Pools.Remove(t.Context(), "fast"), fault.Busy, "default/web", "holm rm")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	_, err = w.records.SetHost(t.Context(), func(h *model.Host) error { h.Pool = "fast"; return nil })
	must(t, err)
	refused(t, w.holm().Pools.Remove(t.Context(), "fast"), fault.Busy, "holm host set --pool")
	_, err = w.records.SetHost(t.Context(), func(h *model.Host) error { h.Pool = ""; return nil })
	must(t, err)
	foreign := filepath.Join(path, "holm", "somebody-elses")
	must(t, os.WriteFile(foreign, nil, 0o600))
	if w.boot.paths["fast"] != path {
		t.Errorf("instances start after %q is mounted, want %s", w.boot.paths["fast"], path)
	}
	must(t, w.holm().Pools.Remove(t.Context(), "fast"))
	if len(w.boot.paths) > 0 {
		t.Errorf("instances still wait for %v", w.boot.paths)
	}
	if !exists(t, foreign) {
		t.Error("what was not holm's was removed")
	}
	refused(t, w.holm().Pools.Remove(t.Context(), "fast"), fault.NotFound, "holm pool ls")
}

func TestAGuestThatHadNoSpaceGoesOnWhenThereIsSome(t *testing.T) {
	full := func(t *pools.Tree) { t.FreeBytes = 1 << 20 }
	for name, goOn := range map[string]func(t *testing.T, w *world){
		"by the timer": func(t *testing.T, w *world) {
			t.Helper()
			found, err := w.holm().Instances.Unstall(t.Context())
			must(t, err)
			if len(found) != 1 || !found[0].Resumed || found[0].Why != `no space in pool "fast"` {
				t.Errorf("found was %+v", found)
			}
		},
		"by a person": func(t *testing.T, w *world) {
			t.Helper()
			_, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
			must(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := fast(t, whole)
			inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
			must(t, err)
			w.mount(full)
			w.hyp.Stall(inst.UUID, "vdb", hypervisor.DiskFull)
			found, err := w.holm().Instances.Unstall(t.Context())
			must(t, err)
			if len(found) != 1 || found[0].Resumed {
				t.Errorf("found was %+v", found)
			}
			_, err = w.holm().Instances.Start(t.Context(), "default", "web", nil)
			refused(t, err, fault.Failure, `instance "web" is paused: no space in pool "fast"`, "make room")
			v, err := w.holm().Instances.Show(t.Context(), "default", "web")
			must(t, err)
			if v.Status != "stalled" || v.Stalled != `no space in pool "fast"` {
				t.Errorf("it is shown as %q, %q", v.Status, v.Stalled)
			}
			w.mount(whole)
			goOn(t, w)
			if got := w.state(inst); got != hypervisor.Running {
				t.Errorf("the guest is %s", got)
			}
		})
	}
}

func TestWhatRanWhenTheHostWentDownIsStartedAgain(t *testing.T) {
	w := newWorld(t)
	web, db := w.created("web"), w.created("db")
	asleep, running := w.created("asleep"), w.created("running")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "asleep", true, nil))
	w.hyp.PowerOff(web.UUID)
	w.hyp.PowerOff(db.UUID)
	w.hyp.Forget() // the host went down
	var told []string
	started, err := w.holm().Instances.StartAll(t.Context(), func(e operations.Event) {
		if e.Phase == operations.Finished {
			told = append(told, e.Step+" "+e.Text)
		}
	})
	must(t, err)
	if len(started) != 2 || len(told) != 2 {
		t.Errorf("started were %d, told was %q", len(started), told)
	}
	for _, s := range started {
		must(t, s.Err)
	}
	for inst, want := range map[string]hypervisor.State{
		web.UUID: hypervisor.Running, db.UUID: hypervisor.Running, running.UUID: hypervisor.Running, asleep.UUID: hypervisor.Off,
	} {
		if got := w.state(model.Instance{UUID: inst}); got != want {
			t.Errorf("%s is %s, want %s", inst, got, want)
		}
	}
}

func TestOneThatDoesNotStartDoesNotKeepTheOthersOff(t *testing.T) {
	w := newWorld(t)
	web, db := w.created("web"), w.created("db")
	w.hyp.PowerOff(web.UUID)
	w.hyp.PowerOff(db.UUID)
	w.hyp.Forget()
	w.hyp.FailWith(func(method, object string) error {
		if method == "Start" && object == web.UUID {
			return errCtrlC
		}
		return nil
	})
	started, err := w.holm().Instances.StartAll(t.Context(), nil)
	must(t, err)
	failed := 0
	for _, s := range started {
		if s.Err != nil {
			failed++
			if !strings.Contains(s.Err.Error(), "start web: started: ") {
				t.Errorf("it says %q", s.Err)
			}
		}
	}
	if failed != 1 || w.state(db) != hypervisor.Running {
		t.Errorf("%d failed, and db is %s", failed, w.state(db))
	}
}
