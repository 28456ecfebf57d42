package provisioner_test

import (
	"testing"

	"holm/provisioner"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/tenants"
	"holm/storage/records/memory"
)

// A store whose transactions can collide runs what it is given again. Whatever is done then has to come out as if it had run once.
func TestWhatIsGivenToAStoreMayRunTwice(t *testing.T) {
	w := newWorld(t)
	c := w.config()
	store := &memory.Store{Twice: true}
	c.Records = store
	holm := provisioner.New(c)
	ctx := t.Context()
	if _, err := holm.Tenants.Add(ctx, "acme", tenants.Change{Instances: new(2)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web", "db"} {
		must1(t)(holm.Instances.Create(ctx, instances.Spec{Name: name, Tenant: "acme"}, nil))
	}
	if _, err := holm.Instances.Create(ctx, instances.Spec{Name: "third", Tenant: "acme"}, nil); err == nil {
		t.Error("a third instance is let in where two may be")
	}
	all, err := store.Instances(ctx)
	must(t, err)
	if len(all) != 2 || all[0].Address == all[1].Address || all[0].MAC == all[1].MAC || all[0].UID != all[1].UID || all[0].UID == 0 {
		t.Errorf("instances are %+v", all)
	}
	users, err := store.Users(ctx)
	must(t, err)
	if len(users) != 1 {
		t.Errorf("one tenant has the users %+v", users)
	}
	_, volumes, err := holm.Tenants.RotateKey(ctx, "acme")
	must(t, err)
	if volumes != 2 {
		t.Errorf("the keys of %d volumes were sealed anew, and there are 2", volumes)
	}
	port := model.Port{Protocol: "tcp", Host: 8080, Guest: 80}
	must1(t)(holm.Instances.Expose(ctx, "acme", "web", []model.Port{port}, nil))
	must1(t)(holm.Instances.Resize(ctx, "acme", "web", 30, nil))
	must(t, holm.Instances.Stop(ctx, "acme", "web", false, nil))
	web, err := holm.Instances.Start(ctx, "acme", "web", nil)
	must(t, err)
	if len(web.Exposed) != 1 || web.Flavor.DiskGiB != 30 {
		t.Errorf("web has the ports %v and %d GiB", web.Exposed, web.Flavor.DiskGiB)
	}
	for _, name := range []string{"web", "db"} {
		must(t, holm.Instances.Remove(ctx, "acme", name, nil))
	}
	must(t, holm.Tenants.Remove(ctx, "acme"))
	if all, err = store.Instances(ctx); err != nil || len(all) != 0 {
		t.Errorf("left: %+v, %v", all, err)
	}
}
