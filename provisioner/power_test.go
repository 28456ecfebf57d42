package provisioner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/provisioner/tenants"
)

// changes are the calls since the nth that changed something, or could have.
func (w *world) changes(n int) []string {
	return slices.DeleteFunc(w.hyp.Calls()[n:], func(call string) bool {
		return slices.Contains([]string{"State", "States", "Watch", "Channel", "Console", "Stats", "LiveXML", "CheckNetwork"}, call)
	})
}

func TestStoppedAndStartedAgainItIsReady(t *testing.T) {
	w := newWorld(t)
	first := w.created("web")
	ctx := t.Context()
	must(t, w.holm().Instances.Stop(ctx, "default", "web", false, nil))
	if inst := w.record(); inst.State != model.Stopped || w.state(inst) != hypervisor.Off {
		t.Fatalf("the record is %s and the guest %s", inst.State, w.state(inst))
	}
	inst, err := w.holm().Instances.Start(ctx, "default", "web", nil)
	must(t, err)
	inst.ReadyAt, inst.ReadyAfter, inst.CheckedAt = first.ReadyAt, first.ReadyAfter, first.CheckedAt
	if diff := cmp.Diff(first, inst, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("it is another one: %s", diff)
	}
	must(t, w.records.VerifyAudit(ctx))
}

func TestWhatIsAsItShouldBeIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		stopped bool
		do      func(*provisioner.Engine, context.Context) error
	}{
		"starting what runs": {false, func(p *provisioner.Engine, ctx context.Context) error {
			_, err := p.Instances.Start(ctx, "default", "web", nil)
			return err
		}},
		"waiting for what is ready": {false, func(p *provisioner.Engine, ctx context.Context) error {
			_, err := p.Instances.Wait(ctx, "default", "web", nil)
			return err
		}},
		"stopping what is off": {true, func(p *provisioner.Engine, ctx context.Context) error {
			return p.Instances.Stop(ctx, "default", "web", false, nil)
		}},
		"cutting the power of what is off": {true, func(p *provisioner.Engine, ctx context.Context) error {
			return p.Instances.Stop(ctx, "default", "web", true, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.created("web")
			if c.stopped {
				must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
			}
			before, calls := w.record(), len(w.hyp.Calls())
			audit, err := w.records.Audit(t.Context())
			must(t, err)
			must(t, c.do(w.holm(), t.Context()))
			if diff := cmp.Diff(before, w.record(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
				t.Errorf("the record changed: %s", diff)
			}
			if got := w.changes(calls); len(got) > 0 {
				t.Errorf("it called %q", got)
			}
			after, err := w.records.Audit(t.Context())
			must(t, err)
			if len(after) != len(audit) {
				t.Errorf("it wrote %+v", after[len(audit):])
			}
		})
	}
}

func TestAStopIsJournaledBeforeThePowerGoes(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	var seen []model.Operation
	w.hyp.FailWith(func(method, _ string) (err error) {
		if method == "Destroy" {
			seen, err = w.records.Operations(t.Context(), "")
		}
		return err
	})
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	if last := seen[len(seen)-1]; last.Kind != "stop" || last.Status != model.Running {
		t.Errorf("the last operation was %+v", last)
	}
	seen, err := w.records.Operations(t.Context(), "")
	must(t, err)
	if last := seen[len(seen)-1]; last.Kind != "stop" || last.Status != model.Done {
		t.Errorf("the last operation is %+v", last)
	}
}

func TestAGuestThatIgnoresShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.created("web")
		w.hyp.IgnoreShutdown(true)
		ctx, cancel := patience(t)
		defer cancel()
		err := w.holm().Instances.Stop(ctx, "default", "web", false, nil)
		refused(t, err, fault.Failure, `instance "web" has not powered off: the time is up`, "holm stop --force web")
		if inst := w.record(); inst.State != model.Ready || w.state(inst) != hypervisor.Running {
			t.Errorf("the record is %s and the guest %s", inst.State, w.state(inst))
		}
		ctrlC, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { stop(errCtrlC) })
		refused(t, w.holm().Instances.Stop(ctrlC, "default", "web", false, nil), fault.Interrupted, "has not powered off: interrupted")

		before := time.Now()
		inst, err := w.holm().Instances.Restart(t.Context(), "default", "web", nil)
		must(t, err)
		if took := time.Since(before); inst.State != model.Ready || took != time.Minute {
			t.Errorf("after %s it is %s, want it ready after a minute", took, inst.State)
		}
		must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
		if inst := w.record(); inst.State != model.Stopped || w.state(inst) != hypervisor.Off {
			t.Errorf("the record is %s and the guest %s", inst.State, w.state(inst))
		}
	})
}

func TestAStartThatFailsLeavesTheStoppedInstanceAsItWas(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
	before, record := w.inventory(), w.record()
	start := func(ctx context.Context) error {
		_, err := w.holm().Instances.Start(ctx, "default", "web", nil)
		return err
	}
	w.failing("Start")
	refused(t, start(t.Context()), fault.Unfit, "start web: started:", "mend it")
	w.failing("EnsureNetwork")
	refused(t, start(t.Context()), fault.Unfit, "start web: network:", "mend it")
	w.failing("Start", "Destroy")
	refused(t, start(t.Context()), fault.Leftover, "start web: started:", "left behind", "holm stop --force web")
	w.hyp.FailWith(nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	w.at("start.started.before", func() { cancel(errCtrlC) })
	refused(t, start(ctx), fault.Interrupted, "start web: interrupted", "holm start web")
	if diff := cmp.Diff(before, w.inventory()); diff != "" {
		t.Errorf("there is something else: %s", diff)
	}
	if diff := cmp.Diff(record, w.record(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("the record changed: %s", diff)
	}
}

func TestAnInstanceThatNeverWasReadyKeepsItsSeedUntilItIs(t *testing.T) {
	w := newWorld(t)
	w.play(silent)
	w.interrupted()
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
	inst := w.record()
	if !inst.SeedAttached || !exists(t, w.file(inst.ID, "seed.iso")) {
		t.Fatalf("its next boot has no seed: %+v", inst)
	}
	w.play(honest())
	inst, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
	must(t, err)
	if inst.SeedAttached || exists(t, w.file(inst.ID, "seed.iso")) {
		t.Errorf("the seed is still there: %+v", inst)
	}
}

func TestPowerAndABrokenOrPausedInstance(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	ctx, holm := t.Context(), w.holm()
	must(t, w.hyp.Destroy(ctx, inst.UUID))
	_, err := holm.Instances.Wait(ctx, "default", "web", nil)
	refused(t, err, fault.Failure, `instance "web" is not running (stopped)`, "holm start web")
	must(t, w.hyp.Undefine(ctx, inst.UUID))
	for _, do := range []func(context.Context, string, string, operations.Observer) (model.Instance, error){holm.Instances.Start, holm.Instances.Wait, holm.Instances.Restart} {
		_, err := do(ctx, "default", "web", nil)
		refused(t, err, fault.Failure, `instance "web" is broken`, "holm rm web")
	}
	must(t, holm.Instances.Stop(ctx, "default", "web", false, nil))
	must(t, holm.Instances.Remove(ctx, "default", "web", nil))

	w.created("web")
	w.wrap = func(h hypervisor.Driver) hypervisor.Driver { return paused{h} }
	_, err = w.holm().Instances.Start(ctx, "default", "web", nil)
	refused(t, err, fault.Failure, `instance "web" is paused`, "virsh resume holm.default.web", "holm stop --force web")
	// Nobody is awake in it who could power off: it is said at once, and nothing on record changes.
	for _, do := range []func(context.Context, string, string, operations.Observer) (model.Instance, error){
		w.holm().Instances.Restart, w.holm().Instances.Wait,
		func(ctx context.Context, tenant, name string, o operations.Observer) (model.Instance, error) {
			return model.Instance{}, w.holm().Instances.Stop(ctx, tenant, name, false, o)
		},
		func(ctx context.Context, tenant, name string, o operations.Observer) (model.Instance, error) {
			return w.holm().Instances.Rebuild(ctx, tenant, name, "", o)
		},
	} {
		_, err := do(ctx, "default", "web", nil)
		refused(t, err, fault.Failure, `instance "web" is paused`, "virsh resume holm.default.web")
	}
	if w.record().State != model.Ready || w.record().Previous != nil {
		t.Errorf("its record is %+v", w.record())
	}
	must(t, w.holm().Instances.Stop(ctx, "default", "web", true, nil))
}

// paused is a hypervisor all of whose domains are.
type paused struct{ hypervisor.Driver }

func (paused) State(context.Context, string) (hypervisor.State, error) {
	return hypervisor.Paused, nil
}

// dropping is a hypervisor that loses its connection: watches end, and ports.
type dropping struct {
	hypervisor.Driver
	watch bool
}

func (d dropping) Watch(ctx context.Context, uuid string) (<-chan hypervisor.Event, error) {
	if !d.watch {
		return d.Driver.Watch(ctx, uuid)
	}
	closed := make(chan hypervisor.Event)
	close(closed)
	return closed, nil
}

func (d dropping) Channel(ctx context.Context, uuid, port string) (io.ReadWriteCloser, error) {
	c, err := d.Driver.Channel(ctx, uuid, port)
	if err == nil {
		err = c.Close()
	}
	return c, err
}

func TestALostConnectionIsNeitherTakenForAnEndNorWaitedOutForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.wrap = func(h hypervisor.Driver) hypervisor.Driver { return dropping{h, false} }
		_, err := w.holm().Instances.Create(t.Context(), web(), nil)
		refused(t, err, fault.Failure, "goes on booting, but: its port has closed", "holm wait web")
		w.wrap = func(h hypervisor.Driver) hypervisor.Driver { return dropping{h, true} }
		_, err = w.holm().Instances.Wait(t.Context(), "default", "web", nil)
		refused(t, err, fault.Unfit, "goes on booting, but: cannot reach libvirt", "holm doctor")
		if inst := w.record(); inst.State != model.Booting {
			t.Errorf("the record is %s", inst.State)
		}
		w.hyp.IgnoreShutdown(true)
		refused(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil), fault.Unfit, "cannot reach libvirt", "holm doctor")
		if inst := w.record(); inst.State != model.Booting {
			t.Errorf("the record is %s", inst.State)
		}
	})
}

func TestAnEmulatedInstanceStartsInLabModeOnly(t *testing.T) {
	w := newWorld(t)
	w.capacity.KVM = false
	ctx := t.Context()
	lab := func(on bool) {
		_, err := w.records.SetHost(ctx, func(h *model.Host) error {
			h.LabMode = on
			return nil
		})
		must(t, err)
	}
	lab(true)
	w.created("web")
	must(t, w.holm().Instances.Stop(ctx, "default", "web", false, nil))
	lab(false)
	_, err := w.holm().Instances.Start(ctx, "default", "web", nil)
	refused(t, err, fault.Refused, "no isolation boundary", "holm host set --lab-mode on")
	if inst := w.record(); w.state(inst) != hypervisor.Off {
		t.Errorf("the guest is %s", w.state(inst))
	}
	lab(true)
	_, err = w.holm().Instances.Start(ctx, "default", "web", nil)
	must(t, err)
}

func TestRemediesNameTheTenant(t *testing.T) {
	w := newWorld(t)
	w.tenant("acme", tenants.Change{})
	_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web", Tenant: "acme"}, nil)
	must(t, err)
	must(t, w.holm().Instances.Stop(t.Context(), "acme", "web", true, nil))
	_, err = w.holm().Instances.Wait(t.Context(), "acme", "web", nil)
	refused(t, err, fault.Failure, "holm start web --tenant acme")
}

func TestAQEMUThatCannotBeHeldToItsLimitsIsStoppedAgain(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	if want := []string{fmt.Sprint(inst.Domain, " ", inst.UUID, " ", inst.UID)}; !slices.Equal(w.bound, want) {
		t.Errorf("held to limits are %q, want %q", w.bound, want)
	}
	if _, err := w.holm().Instances.Start(t.Context(), "default", "web", nil); err != nil || len(w.bound) != 2 {
		t.Errorf("the start of one that runs: %v, held to limits are %q", err, w.bound)
	}
	w.hyp.PowerOff(inst.UUID)
	w.unbound = errors.New("prlimit: operation not permitted")
	_, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
	if err == nil || !strings.Contains(err.Error(), "operation not permitted") {
		t.Errorf("the start: %v", err)
	}
	if state := w.state(inst); state != hypervisor.Off {
		t.Errorf("the domain is %s", state)
	}
}
