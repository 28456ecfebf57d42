package provisioner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
	"holm/storage/keys"
)

func (w *world) hostKey() string { return filepath.Join(w.dir, "keys", "host.key") }

func TestAVolumeIsOpenedByItsKeyAloneAndLibvirtForgetsIt(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	if inst.Key == nil || inst.Key.ID == "" || len(inst.Key.Box) == 0 {
		t.Fatalf("its key is %+v", inst.Key)
	}
	xml, err := w.hyp.LiveXML(t.Context(), inst.UUID)
	must(t, err)
	if !strings.Contains(xml, `<encryption format="luks">`) {
		t.Errorf("its disk is not encrypted: %s", xml)
	}
	w.hyp.PowerOff(inst.UUID)
	if err := w.hyp.Start(t.Context(), inst.UUID); err == nil {
		t.Error("it starts without holm: its key lies about")
	}
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	if other := w.created("db"); other.Key.ID == inst.Key.ID || other.Key.By != inst.Key.By {
		t.Errorf("two instances of a tenant have the keys %+v and %+v", inst.Key, other.Key)
	}
	info, err := os.Stat(w.hostKey())
	must(t, err)
	if info.Mode() != 0o600 || info.Size() != keys.Size {
		t.Errorf("the host's key is %v, %d bytes", info.Mode(), info.Size())
	}
}

func TestARotatedKeyOpensWhatTheOldOneDid(t *testing.T) {
	w := newWorld(t)
	before := w.created("web")
	id, volumes, err := w.holm().Tenants.RotateKey(t.Context(), "default")
	must(t, err)
	after := w.record()
	if volumes != 1 || after.Key.By != id || id == before.Key.By || after.Key.ID != before.Key.ID {
		t.Errorf("%d volumes, key %s; the volume's key was %+v and is %+v", volumes, id, before.Key, after.Key)
	}
	w.hyp.PowerOff(before.UUID)
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	w.created("db") // sealed by the new one
	_, _, err = w.holm().Tenants.RotateKey(t.Context(), "acme")
	refused(t, err, fault.NotFound, "holm create NAME --tenant acme")
	must(t, w.records.VerifyAudit(t.Context()))
}

func TestALostHostKeyIsSaidAndNeverReplaced(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"gone":          os.Remove,
		"too short":     func(path string) error { return os.WriteFile(path, []byte("short"), 0o600) },
		"another one":   func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("k", keys.Size)), 0o600) },
		"for everybody": func(path string) error { return os.Chmod(path, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			inst := w.created("web")
			must(t, lose(w.hostKey()))
			before, _ := os.ReadFile(w.hostKey())
			must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil)) // it runs, and goes on
			w.hyp.PowerOff(inst.UUID)
			if _, err := w.holm().Instances.Start(t.Context(), "default", "web", nil); err == nil || fault.RemedyOf(err) == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("a start: %v, remedy %q", err, fault.RemedyOf(err))
			}
			if _, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "db"}, nil); err == nil {
				t.Error("another instance was made, under what key?")
			}
			if after, _ := os.ReadFile(w.hostKey()); string(after) != string(before) {
				t.Error("the key was replaced")
			}
			must1(t)(w.holm().Instances.Show(t.Context(), "default", "web"))
			must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
		})
	}
}

func TestARemovalDestroysTheKeyFirstAndLeavesARecord(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	w.die("destroy.wiped", func(p *provisioner.Engine) error { return p.Instances.Remove(t.Context(), "default", "web", nil) })
	if key := w.record().Key; key == nil || len(key.Box) != 0 || key.ID != inst.Key.ID {
		t.Errorf("while the volume is still there its key is %+v", key)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	log, err := w.records.Audit(t.Context())
	must(t, err)
	var said []string
	for _, e := range log {
		if e.Kind == "volume.destroyed" || e.Kind == "instance.key-destroyed" {
			said = append(said, e.Kind+" "+e.Note)
		}
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, "key "+inst.Key.ID+" destroyed, LUKS header overwritten, blocks given back, volume removed") ||
		!strings.HasPrefix(all, "instance.key-destroyed default/web key "+inst.Key.ID) {
		t.Errorf("the log says:\n%s", all)
	}
	must(t, w.records.VerifyAudit(t.Context()))
}

func TestAnInstanceFromBeforeThereWereKeysStartsAndIsSaidToBePlain(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	w.hyp.PowerOff(inst.UUID)
	must1(t)(w.records.Update(t.Context(), inst.ID, func(i *model.Instance) error {
		i.Key = nil
		return nil
	}))
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	if got := tenants.Encryption(w.record()); got != "none" {
		t.Errorf("it is said to be encrypted: %s", got)
	}
}
