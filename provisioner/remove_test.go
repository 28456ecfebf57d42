package provisioner_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

func TestRemoveLeavesNothingAndTwiceIsNotFound(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.created("web")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
	refused(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil), fault.NotFound, `no instance "web" in tenant "default"`, "holm ls")
	again := w.created("web")
	if again.Address.String() != "10.77.0.10" {
		t.Errorf("the address was not given back: %s", again.Address)
	}
}

func TestTheNetworkGoesWithTheLastInstance(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	w.created("db")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if diff := cmp.Diff([]string{"decoy", "holm-default"}, w.hyp.Networks()); diff != "" {
		t.Errorf("with one instance left: %s", diff)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "default", "db", nil))
	if diff := cmp.Diff([]string{"decoy"}, w.hyp.Networks()); diff != "" {
		t.Errorf("with none: %s", diff)
	}
}

func TestRemoveCarriesOnPastErrorsAndKeepsTheRecord(t *testing.T) {
	for name, c := range map[string]struct {
		methods []string
		says    []string
	}{
		"when the power stays on":        {[]string{"Destroy"}, []string{"power: ", "boom"}},
		"when the domain stays defined":  {[]string{"Undefine"}, []string{"domain: ", "boom"}},
		"when the network stays":         {[]string{"RemoveNetwork"}, []string{"network: ", "boom"}},
		"when libvirt refuses all of it": {[]string{"Destroy", "Undefine", "RemoveNetwork"}, []string{"power: ", "domain: "}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.inventory()
			inst := w.created("web")
			w.failing(c.methods...)
			refused(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil), fault.Leftover, append(c.says, "remove web: ", "holm rm web")...)
			if got := w.record().State; got != model.Destroying {
				t.Errorf("the record is %s", got)
			}
			if exists(t, w.file(inst.ID, "")) {
				t.Error("it did not carry on to the files")
			}
			ops, err := w.records.Operations(t.Context(), inst.ID)
			must(t, err)
			if last := ops[len(ops)-1]; last.Status != model.Stuck || last.Error == "" {
				t.Errorf("the journal says %+v", last)
			}
			w.hyp.FailWith(nil)
			must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something was left: %s", diff)
			}
		})
	}
}

func TestRemoveTellsOfFilesThatStay(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	must(t, os.Remove(w.file(inst.ID, "state.qcow2")))
	must(t, os.MkdirAll(w.file(inst.ID, "state.qcow2/full"), 0o700))
	refused(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil), fault.Leftover, "volume: ", "holm rm web")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil)) // the folder went with all that was in it
}

func TestRemoveThatCannotDropTheRecordSaysSo(t *testing.T) {
	w := newWorld(t)
	before := w.inventory()
	w.created("web")
	w.records.fail = failOnce("Removed", 1, records.ErrBusy)
	refused(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil), fault.Leftover, "another process", "holm rm web")
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("something was left: %s", diff)
	}
}

func TestCtrlCStopsARemovalBetweenTwoSteps(t *testing.T) {
	for _, step := range []string{"power", "domain", "volume", "seed", "folder"} {
		t.Run(step, func(t *testing.T) {
			w := newWorld(t)
			before := w.inventory()
			inst := w.created("web")
			ctx, cancel := context.WithCancelCause(t.Context())
			w.at("destroy."+step+".after", func() { cancel(errCtrlC) })
			refused(t, w.holm().Instances.Remove(ctx, "default", "web", nil), fault.Interrupted, "remove web: interrupted", "holm rm web")
			if got := w.record().State; got != model.Destroying {
				t.Errorf("the record is %s", got)
			}
			if kept := exists(t, w.file(inst.ID, "state.qcow2")); kept != (step == "power" || step == "domain") {
				t.Errorf("the volume is there: %t", kept)
			}
			must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something was left: %s", diff)
			}
		})
	}
}

func TestCtrlCAfterTheLastStepOfARemovalComesTooLate(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	ctx, cancel := context.WithCancelCause(t.Context())
	w.at("destroy.network.after", func() { cancel(errCtrlC) })
	must(t, w.holm().Instances.Remove(ctx, "default", "web", nil))
}
