package provisioner_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/views"
)

func TestShowAndListSayWhatThereIs(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	ctx, holm := t.Context(), w.holm()
	view, err := holm.Instances.Show(ctx, "default", "web")
	must(t, err)
	if view.VolumeBytes <= 0 {
		t.Errorf("the volume takes %d bytes", view.VolumeBytes)
	}
	view.VolumeBytes = 0
	named := inst.Key.Destroyed() // what it is sealed in is nobody's business
	inst.Key = &named
	force := environment.InForce{
		Environment: model.Environment{Nameservers: []string{"9.9.9.9"}}, From: map[string]string{"nameservers": environment.FromResolver},
	}
	if diff := cmp.Diff(views.Instance{Instance: inst, DomainState: "running", Status: "ready", InForce: force}, view, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	rows, err := holm.Instances.List(ctx, "default")
	must(t, err)
	if diff := cmp.Diff([]views.Row{{Summary: model.Summarize(inst), Status: "ready"}}, rows, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	rows, err = holm.Instances.List(ctx, "acme")
	if err != nil || len(rows) != 0 {
		t.Errorf("another tenant has %+v (%v)", rows, err)
	}
}

func TestWithoutLibvirtThereIsWhatIsOnRecordAndTheStateIsUnknown(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	unreached := w.config()
	unreached.Connect = func(context.Context) (hypervisor.Driver, error) {
		return nil, fault.New(fault.Unfit, "start it", "%w: no such file", hypervisor.ErrUnreachable)
	}
	gone, dying := provisioner.New(unreached), w.holm()
	for name, holm := range map[string]*provisioner.Engine{"never there": gone, "gone since": dying} {
		if holm == dying {
			w.hyp.FailWith(func(string, string) error { return hypervisor.ErrUnreachable })
		}
		v, err := holm.Instances.Show(t.Context(), "default", "web")
		must(t, err)
		if v.Status != "unknown" || v.DomainState != hypervisor.Unknown || v.Now == "" || v.Address != inst.Address {
			t.Errorf("%s: it is shown as %s (%s), %q", name, v.Status, v.DomainState, v.Now)
		}
		rows, err := holm.Instances.List(t.Context(), "")
		must(t, err)
		if len(rows) != 1 || rows[0].Status != "unknown" || rows[0].Address != inst.Address {
			t.Errorf("%s: listed are %+v", name, rows)
		}
	}
	w.hyp.FailWith(nil)
}

func TestTheStatusIsTheWordForRecordAndDomainTogether(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	ctx, holm := t.Context(), w.holm()
	becomes := func(domain hypervisor.State) {
		must(t, w.hyp.SetSecret(ctx, inst.UUID, "", []byte("key")))
		must(t, w.hyp.Start(ctx, inst.UUID))
		switch domain {
		case hypervisor.Off:
			w.hyp.PowerOff(inst.UUID)
		case hypervisor.Crashed:
			w.hyp.Crash(inst.UUID)
		case hypervisor.Absent:
			w.hyp.PowerOff(inst.UUID)
			must(t, w.hyp.Undefine(ctx, inst.UUID))
		case hypervisor.Running, hypervisor.Paused:
		}
	}
	states := []model.State{model.Creating, model.Booting, model.Ready, model.Stopped, model.Failed, model.Destroying}
	for _, c := range []struct {
		domain hypervisor.State
		want   []string // by state
	}{
		{hypervisor.Running, []string{"creating", "booting", "ready", "booting", "failed", "destroying"}},
		{hypervisor.Off, []string{"creating", "stopped", "stopped", "stopped", "failed", "destroying"}},
		{hypervisor.Crashed, []string{"creating", "crashed", "crashed", "crashed", "failed", "destroying"}},
		{hypervisor.Absent, []string{"creating", "broken", "broken", "broken", "failed", "destroying"}},
	} {
		becomes(c.domain)
		for i, state := range states {
			_, err := w.records.Update(ctx, inst.ID, func(r *model.Instance) error { r.State = state; return nil })
			must(t, err)
			view, err := holm.Instances.Show(ctx, "default", "web")
			must(t, err)
			rows, err := holm.Instances.List(ctx, "")
			must(t, err)
			if view.Status != c.want[i] || rows[0].Status != c.want[i] {
				t.Errorf("on record %s and %s, it is shown as %s and listed as %s, want %s", state, c.domain, view.Status, rows[0].Status, c.want[i])
			}
		}
	}
}

func TestStatsAndConsoleAreOfARunningInstance(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	ctx, holm := t.Context(), w.holm()
	stats, err := holm.Instances.Stats(ctx, "default", "web")
	must(t, err)
	if stats.State != hypervisor.Running || stats.VCPUs != 2 || stats.MemoryBytes != 1<<30 {
		t.Errorf("got %+v", stats)
	}
	console, err := holm.Instances.Console(ctx, "default", "web")
	must(t, err)
	must(t, console.Close())
	for _, c := range []struct {
		end  func()
		says string
	}{
		{func() { w.hyp.PowerOff(inst.UUID) }, `instance "web" is not running (stopped)`},
		{func() { must(t, w.hyp.Undefine(ctx, inst.UUID)) }, `instance "web" is broken`},
	} {
		c.end()
		_, err = holm.Instances.Stats(ctx, "default", "web")
		refused(t, err, fault.Failure, c.says)
		_, err = holm.Instances.Console(ctx, "default", "web")
		refused(t, err, fault.Failure, c.says)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	w := newWorld(t)
	ctx, holm := t.Context(), w.holm()
	_, start := holm.Instances.Start(ctx, "default", "web", nil)
	_, restart := holm.Instances.Restart(ctx, "default", "web", nil)
	_, wait := holm.Instances.Wait(ctx, "default", "web", nil)
	_, show := holm.Instances.Show(ctx, "default", "web")
	_, stats := holm.Instances.Stats(ctx, "default", "web")
	_, console := holm.Instances.Console(ctx, "default", "web")
	stop, remove := holm.Instances.Stop(ctx, "default", "web", false, nil), holm.Instances.Remove(ctx, "default", "web", nil)
	for _, err := range []error{start, restart, wait, show, stats, console, stop, remove} {
		refused(t, err, fault.NotFound, `no instance "web" in tenant "default"`, "holm ls --tenant default")
	}
	if rows, err := holm.Instances.List(ctx, ""); err != nil || len(rows) > 0 {
		t.Errorf("the list has %+v (%v)", rows, err)
	}
	if w.connects != 0 || exists(t, w.dir) {
		t.Errorf("it connected %d times, or made %s", w.connects, w.dir)
	}
}
