package provisioner_test

import (
	"strings"
	"testing"

	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

func TestAnInstanceThatItsOwnerHasSwitchedOffStaysOff(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	w.hyp.PowerOff(inst.UUID)
	if off, err := w.holm().Instances.Interrupted(t.Context()); err != nil || len(off) > 0 {
		t.Errorf("%d would be started (%v)", len(off), err)
	}
	ended, err := w.holm().Instances.Reconcile(t.Context())
	must(t, err)
	if len(ended) != 1 || !strings.Contains(ended[0].What, "switched off from within") || w.record().State != model.Stopped {
		t.Errorf("it is %s, and said is %+v", w.record().State, ended)
	}
	if ended, err := w.holm().Instances.Reconcile(t.Context()); err != nil || len(ended) > 0 {
		t.Errorf("said again: %+v (%v)", ended, err)
	}
}

func TestAGuestThatPanicsIsStartedAgainThreeTimes(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	for range 3 {
		w.hyp.Crash(inst.UUID)
		_, err := w.holm().Instances.Reconcile(t.Context())
		must(t, err)
		if w.record().State != model.Ready || w.state(inst) != hypervisor.Running {
			t.Fatalf("it is %s and %s", w.record().State, w.state(inst))
		}
	}
	w.hyp.Crash(inst.UUID)
	for range 2 {
		_, err := w.holm().Instances.Reconcile(t.Context())
		must(t, err)
		if got := w.record(); got.State != model.Failed || !strings.Contains(got.Failure, "panicked") || w.state(inst) != hypervisor.Crashed {
			t.Errorf("it is %s (%s) and %s", got.State, got.Failure, w.state(inst))
		}
	}
}
