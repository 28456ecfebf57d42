package provisioner_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holm/internal/run"
	"holm/provisioner"
	"holm/provisioner/model"
	"holm/storage/keys"
	"holm/storage/volumes"
)

// disks is where the volumes of the world's instances lie.
func (w *world) disks() volumes.Backend { return volumes.OpenState(w.dir) }

// lent tells whether a key for a start still opens the volume of the only instance.
func (w *world) lent() bool {
	w.t.Helper()
	lent, err := w.disks().Lent(w.t.Context(), w.record().ID)
	must(w.t, err)
	return lent
}

// told returns what the hypervisor was given, when that is no key that opens the volume of the only instance.
func (w *world) told() []string {
	w.t.Helper()
	told := w.hyp.Told()
	for _, secret := range told {
		if w.opens(secret) {
			w.t.Error("what the hypervisor was given opens the volume")
		}
	}
	return told
}

// opens has QEMU try a passphrase.
func (w *world) opens(secret string) bool {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "key")
	must(w.t, os.WriteFile(file, []byte(secret), 0o600))
	_, err := run.Command(w.t.Context(), "qemu-io", "--object", "secret,id=s,format=raw,file="+file, "-c", "read 0 512",
		"--image-opts", "driver=qcow2,encrypt.key-secret=s,file.filename="+w.disks().Disk(w.record().ID).Path)
	if err != nil && !strings.Contains(err.Error(), "Invalid password") {
		w.t.Fatal(err)
	}
	return err == nil
}

// own is the key of the only instance's volume.
func (w *world) own() string {
	w.t.Helper()
	inst := w.record()
	host, err := keys.Keeper{Path: w.hostKey()}.Key("", false)
	must(w.t, err)
	all, err := w.records.TenantKeys(w.t.Context())
	must(w.t, err)
	at := slices.IndexFunc(all, func(k model.TenantKey) bool { return k.Tenant == inst.Tenant })
	tenant, err := host.Open(all[at].Key, keys.Tenant, inst.Tenant)
	must(w.t, err)
	key, err := tenant.Open(*inst.Key, keys.Volume, inst.ID)
	must(w.t, err)
	return string(key.Passphrase())
}

func TestLibvirtIsGivenAKeyForOneStartThatOpensNothingAfterwards(t *testing.T) {
	w := newWorld(t)
	at := 0
	w.at("start.opened", func() {
		if at++; !w.lent() || !w.opens(w.hyp.Told()[at-1]) {
			t.Error("while it starts, the key that libvirt has does not open the volume")
		}
	})
	inst := w.created("web")
	if w.lent() {
		t.Error("the key of its start is still lent")
	}
	w.hyp.PowerOff(inst.UUID)
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	told := w.told()
	if len(told) != 2 || told[0] == told[1] || len(told[0]) != 64 || at != 2 {
		t.Errorf("in two starts libvirt was given %q", told)
	}
	if own := w.own(); slices.Contains(told, own) || !w.opens(own) {
		t.Error("libvirt was given the volume's own key, or that does not open it")
	}
	if n := w.hyp.Keeps(); n != 0 {
		t.Errorf("libvirt still has %d keys of starts", n)
	}
}

func TestAStartThatFailsLendsNothing(t *testing.T) {
	for _, method := range []string{"SetSecret", "Start"} {
		w := newWorld(t)
		inst := w.created("web")
		w.hyp.PowerOff(inst.UUID)
		w.failing(method)
		if _, err := w.holm().Instances.Start(t.Context(), "default", "web", nil); err == nil {
			t.Errorf("%s failed, and it started", method)
		}
		if w.lent() {
			t.Errorf("%s failed, and the key of its start is still lent", method)
		}
	}
}

// startPoints are where a holm that starts an instance may die with something lent.
func startPoints() []string {
	return []string{"start.lent", "start.unlocked", "start.opened", "start.revoked"}
}

func TestWhatAStartThatWasKilledHasLentIsTakenBack(t *testing.T) {
	for _, point := range startPoints() {
		for name, next := range map[string]func(w *world, p *provisioner.Engine, ctx context.Context) error{
			"by the next start": func(_ *world, p *provisioner.Engine, ctx context.Context) error {
				_, err := p.Instances.Start(ctx, "default", "web", nil)
				return err
			},
			"by a stop": func(_ *world, p *provisioner.Engine, ctx context.Context) error {
				return p.Instances.Stop(ctx, "default", "web", true, nil)
			},
			"by the timer": func(_ *world, p *provisioner.Engine, ctx context.Context) error {
				ended, err := p.Instances.Reconcile(ctx)
				for _, e := range ended {
					err = errors.Join(err, e.Err)
				}
				return err
			},
			"by the timer, without libvirt": func(w *world, p *provisioner.Engine, ctx context.Context) error {
				w.failing("States")
				if _, err := p.Instances.Reconcile(ctx); err == nil {
					return errors.New("libvirt answers")
				}
				return nil
			},
		} {
			t.Run(point+" "+name, func(t *testing.T) {
				w := newWorld(t)
				inst := w.created("web")
				w.hyp.PowerOff(inst.UUID)
				w.die(point, func(p *provisioner.Engine) error {
					_, err := p.Instances.Start(t.Context(), "default", "web", nil)
					return err
				})
				if got := w.lent(); got != (point != "start.revoked") {
					t.Errorf("something is lent: %v", got)
				}
				must(t, next(w, w.holm(), t.Context()))
				if w.lent() {
					t.Error("it still is")
				}
				w.told()
			})
		}
	}
}

func TestTheTimerTakesNothingBackFromAStartThatIsAtWork(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	w.hyp.PowerOff(inst.UUID)
	other := w.holm()
	w.at("start.unlocked", func() {
		ended, err := other.Instances.Reconcile(t.Context())
		if err != nil || len(ended) > 0 || !w.lent() {
			t.Errorf("the timer did %+v, %v, and something is lent: %v", ended, err, w.lent())
		}
	})
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
}
