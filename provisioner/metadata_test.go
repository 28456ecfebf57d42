package provisioner_test

import (
	"strings"
	"testing"

	"holm/provisioner/instances"
	"holm/provisioner/model"
)

// A process may live long (a create that waits for its guest), and the operator set the addresses meanwhile.
func TestTheAddressesOfMetadataAreThoseOfNow(t *testing.T) {
	w := newWorld(t)
	old := w.holm() // knows the host as it was
	must1(t)(old.Instances.Create(t.Context(), instances.Spec{Name: "web"}, nil))
	must1(t)(w.records.SetHost(t.Context(), func(h *model.Host) error { h.Metadata = "192.0.2.254,2001:db8:fe::/48"; return nil }))
	must1(t)(old.Instances.Create(t.Context(), instances.Spec{Name: "other"}, nil))
	rules := w.tables()["inet "+"holm."+w.network.Bridge]
	for _, address := range []string{"192.0.2.254", "2001:db8:fe::"} {
		if !strings.Contains(rules, address) {
			t.Errorf("%s is not among what is closed:\n%s", address, rules)
		}
	}
	if rebuilt, err := w.holm().Networks.KeepWalls(t.Context()); err != nil || len(rebuilt) != 0 {
		t.Errorf("another process finds %+v, %v", rebuilt, err)
	}
}
