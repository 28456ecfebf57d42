package provisioner_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"holm/internal/lock"
	"holm/provisioner/instances"
	"holm/provisioner/network"
)

// Libvirt's filters are the host's, and two state directories may be at it.
func TestTheLastInstanceOfAStateDirectoryTakesNobodyElsesFilter(t *testing.T) {
	one, two := newWorld(t), newWorld(t)
	two.hyp.PowerOff(decoy)
	two.hyp = one.hyp
	var err error
	two.network, err = network.Named("holm-two", "10.98.0.0/24")
	must(t, err)
	one.created("web")
	two.created("other")
	both := one.hyp.Filters()
	if len(both) != 2 {
		t.Fatalf("two state directories have the filters %q", both)
	}
	must(t, one.holm().Instances.Remove(t.Context(), "default", "web", nil))
	left := one.hyp.Filters()
	if len(left) != 1 || !slices.Contains(both, left[0]) {
		t.Errorf("of the filters %q are left %q", both, left)
	}
	must(t, two.holm().Instances.Stop(t.Context(), "default", "other", true, nil))
	must1(t)(two.holm().Instances.Start(t.Context(), "default", "other", nil))
	if now := one.hyp.Filters(); !slices.Equal(now, left) {
		t.Errorf("the filters are %q, and were %q", now, left)
	}
	must(t, two.holm().Instances.Remove(t.Context(), "default", "other", nil))
	if left := one.hyp.Filters(); len(left) != 0 {
		t.Errorf("there is nobody, and the filters %q are left", left)
	}
}

// The filter is made and removed by who holds the network, so that of a start and the removal of the last instance, one sees the other.
func TestTheFilterComesAndGoesUnderTheLockOfTheNetwork(t *testing.T) {
	w := newWorld(t)
	var seen []string
	w.hyp.FailWith(func(method, _ string) error {
		if method != "EnsureFilter" && method != "RemoveFilter" {
			return nil
		}
		seen = append(seen, method)
		held, err := lock.Try(filepath.Join(w.dir, "locks", ".network"))
		if !errors.Is(err, lock.ErrHeld) {
			t.Errorf("%s: nobody holds the network (%v)", method, err)
			_ = held.Release()
		}
		return nil
	})
	w.created("web")
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if want := []string{"EnsureFilter", "EnsureFilter", "RemoveFilter"}; !slices.Equal(seen, want) {
		t.Errorf("%q happened, want %q", seen, want)
	}
}

func TestACreateThatFailsLeavesNoFilter(t *testing.T) {
	w := newWorld(t)
	w.hyp.FailOnce("EnsureNetwork", errors.New("it cannot be made"))
	if _, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "web"}, nil); err == nil {
		t.Fatal("it was made")
	}
	if left := w.hyp.Filters(); len(left) != 0 {
		t.Errorf("the filters %q are left", left)
	}
}
