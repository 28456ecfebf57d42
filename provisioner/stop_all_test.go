package provisioner_test

import (
	"testing"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// What the host's shutdown switches off comes back with it, and what was off stays so.
func TestExactlyWhatRanComesBackWithTheHost(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	spec := web()
	spec.Name = "off"
	if _, err := w.holm().Instances.Create(t.Context(), spec, nil); err != nil {
		t.Fatal(err)
	}
	must(t, w.holm().Instances.Stop(t.Context(), "default", "off", false, nil))
	spec.Name = "owners"
	owners, err := w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
	w.hyp.PowerOff(owners.UUID)

	parked, err := w.holm().Instances.ParkAll(t.Context(), nil)
	must(t, err)
	if len(parked) != 1 || parked[0].Name != "web" || parked[0].Err != nil || w.state(inst) != hypervisor.Off {
		t.Errorf("switched off were %+v, and web is %s", parked, w.state(inst))
	}
	// Whether libvirt has forgotten how they ended, or has been up all the time.
	if _, err := w.holm().Instances.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.hyp.Forget()
	started, err := w.holm().Instances.StartAll(t.Context(), nil)
	must(t, err)
	back := len(started) == 1 && started[0].Name == "web" && started[0].Err == nil && !started[0].Parked
	if !back || w.state(inst) != hypervisor.Running {
		t.Errorf("started were %+v", started)
	}
	// From now on it is its owner's again.
	w.hyp.PowerOff(inst.UUID)
	if _, err := w.holm().Instances.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if off, err := w.holm().Instances.Interrupted(t.Context()); err != nil || len(off) > 0 {
		t.Errorf("%d would be started (%v)", len(off), err)
	}
}

func TestOneThatIsStoppedWhileTheHostGoesDownStaysOff(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	_, err := w.holm().Instances.ParkAll(t.Context(), nil)
	must(t, err)
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
	if off, err := w.holm().Instances.Interrupted(t.Context()); err != nil || len(off) > 0 || w.record().State != model.Stopped {
		t.Errorf("%d would be started (%v)", len(off), err)
	}
}
