package recordstest

import (
	"errors"
	"testing"

	"holm/provisioner/model"
)

func testRules(t *testing.T, s Store) {
	web := reserve(t, s, 1, "default", "web")
	if err := s.AddPool(t.Context(), pool("fast"), anyPool); err != nil {
		t.Fatal(err)
	}
	asked := 0
	refuse := func(around model.Around) error {
		asked++
		same(t, "instances", []model.Instance{web}, around.Instances)
		if _, there := around.Pool("fast"); !there || len(around.Tenants) > 0 || around.Host.LabMode {
			t.Errorf("a rule sees %+v", around)
		}
		return errRefused
	}
	inst, op := Instance(2, "default", "db")
	for what, err := range map[string]error{
		"Reserve": second(s.Reserve(t.Context(), inst, op, admit, refuse)),
		"Update":  second(s.Update(t.Context(), web.ID, func(i *model.Instance) error { i.State = model.Ready; return nil }, refuse)),
		"Record": second(s.Record(t.Context(), Operation(2, web.ID),
			func(i *model.Instance) error { i.State = model.Ready; return nil }, refuse)),
		"SetHost":   second(s.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil }, refuse)),
		"DropPool":  s.DropPool(t.Context(), "fast", func([]model.Instance) error { return nil }, refuse),
		"AddTenant": s.AddTenant(t.Context(), model.Tenant{Name: "acme"}, anyTenant, refuse),
	} {
		if !errors.Is(err, errRefused) {
			t.Errorf("%s: got %v, want the rule's own error", what, err)
		}
	}
	if asked != 6 {
		t.Errorf("rules were asked %d times, want 6", asked)
	}
	wantOperations(t, s, "", Operation(1, web.ID))
}
