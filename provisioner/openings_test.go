package provisioner_test

import (
	"slices"
	"sync"
	"testing"

	"holm/provisioner/instances"
	"holm/provisioner/tenants"
)

// openings counts how often the database is opened while something is done, by the methods that were called.
func (w *world) openings(do func()) (methods []string) {
	w.t.Helper()
	var mu sync.Mutex
	w.records.Opened = func(method string) {
		mu.Lock()
		defer mu.Unlock()
		methods = append(methods, method)
	}
	defer func() { w.records.Opened = nil }()
	do()
	return methods
}

// Each opening is a file that is opened, locked and mapped, and each one that writes is a disk that is waited for.
func TestOpeningsOfTheDatabase(t *testing.T) {
	w, _ := fast(t, whole)
	holm := w.holm()
	ctx := t.Context()
	must1(t)(holm.Tenants.Add(ctx, "acme", tenants.Change{}))
	spec := instances.Spec{Name: "web", Tenant: "acme", Pool: "fast"}
	for _, c := range []struct {
		what string
		most int
		do   func()
	}{
		// Two more for its user and its key, and one to see that nobody has made that meanwhile.
		{"a create, the first of its tenant", 12, func() { must1(t)(holm.Instances.Create(ctx, spec, nil)) }},
		{"a create", 9, func() { spec.Name = "db"; must1(t)(holm.Instances.Create(ctx, spec, nil)) }},
		{"a look", 2, func() { must1(t)(holm.Instances.Show(ctx, "acme", "web")) }},
		{"a stop", 6, func() { must(t, holm.Instances.Stop(ctx, "acme", "web", false, nil)) }},
		{"a start", 9, func() { must1(t)(holm.Instances.Start(ctx, "acme", "web", nil)) }},
		{"a removal", 9, func() { must(t, holm.Instances.Remove(ctx, "acme", "web", nil)) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			methods := w.openings(c.do)
			slices.Sort(methods)
			t.Logf("%d: %q", len(methods), methods)
			if len(methods) > c.most {
				t.Errorf("%s opens the database %d times, %d are enough", c.what, len(methods), c.most)
			}
		})
	}
}
