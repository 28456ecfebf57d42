package hypervisortest

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"holm/provisioner/hypervisor"
	net "holm/provisioner/network"
)

func testNetwork() net.Network {
	return net.Network{
		Name: "holm-helper", UUID: net.UUID("holm-helper"), Bridge: "holmhlp0",
		Subnet: netip.MustParsePrefix("10.251.77.0/24"),
	}
}

func networks(t *testing.T, s suite) {
	n := testNetwork()
	xml, err := n.XML()
	must(t, err)
	removed := func() {
		t.Helper()
		if gone, err := s.RemoveNetwork(t.Context(), n.UUID); err != nil || !gone {
			t.Fatalf("removed: %v, %v", gone, err)
		}
	}
	removed()
	for range 2 {
		must(t, s.EnsureNetwork(t.Context(), xml))
	}
	apart := n
	apart.Internal = true
	internal, err := apart.XML()
	must(t, err)
	must(t, s.EnsureNetwork(t.Context(), internal)) // nobody hangs on it, so it becomes what is wanted
	for range 2 {
		removed()
	}
	for _, bad := range []string{"", "<domain/>", "<network><name>x</name></network>"} {
		if err := s.EnsureNetwork(t.Context(), bad); err == nil {
			t.Errorf("made a network of %q", bad)
		}
	}
}

func networkNotOurs(t *testing.T, s suite) {
	n := testNetwork()
	old, err := n.XML()
	must(t, err)
	must(t, s.CheckNetwork(t.Context(), old))
	must(t, s.EnsureNetwork(t.Context(), old)) // as an older holm made it, without a word of its state directory
	elsewhere := t.TempDir()
	n.State = t.TempDir()
	xml, err := n.XML()
	must(t, err)
	for _, look := range []func(context.Context, string) error{s.CheckNetwork, s.EnsureNetwork, s.CheckNetwork} {
		must(t, look(t.Context(), xml))
	}
	// While it is up, not every hypervisor shows what was noted just now.
	_, err = s.RemoveNetwork(t.Context(), n.UUID)
	must(t, err)
	must(t, s.EnsureNetwork(t.Context(), xml))
	for what, change := range map[string]func(*net.Network){
		"name":   func(n *net.Network) { n.UUID, n.Bridge = net.UUID("other"), "holmhlp1" },
		"bridge": func(n *net.Network) { n.UUID, n.Name = net.UUID("other"), "holm-helper-2" },
		"uuid":   func(n *net.Network) { n.Name, n.Bridge = "holm-helper-2", "holmhlp1" },
		"state":  func(n *net.Network) { n.State = elsewhere },
	} {
		other := n
		change(&other)
		xml, err := other.XML()
		must(t, err)
		for _, look := range []func(context.Context, string) error{s.CheckNetwork, s.EnsureNetwork} {
			if err := look(t.Context(), xml); !errors.Is(err, hypervisor.ErrNotOurs) {
				t.Errorf("the %s was taken over: got %v, want %v", what, err, hypervisor.ErrNotOurs)
			}
		}
	}
	for _, uuid := range []string{net.UUID("other"), n.UUID} {
		must(t, s.EnsureNetwork(t.Context(), xml))
		if _, err := s.RemoveNetwork(t.Context(), uuid); err != nil {
			t.Fatal(err)
		}
	}
}

func secrets(t *testing.T, s suite) {
	for range 2 {
		if err := s.SetSecret(t.Context(), uuidA, "/holm/state.qcow2", []byte("a key")); errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out: %v", err)
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		must(t, s.RemoveSecret(t.Context(), uuidA))
	}
}

func filters(t *testing.T, s suite) {
	name, xml, err := net.Guard("/var/lib/holm")
	must(t, err)
	if err := s.EnsureFilter(t.Context(), name, xml); errors.Is(err, hypervisor.ErrUnsupported) {
		t.Logf("left out: %v", err)
		return
	}
	for range 2 {
		must(t, s.EnsureFilter(t.Context(), name, xml))
	}
	if err := s.EnsureFilter(t.Context(), name+"x", "<filter"); err == nil {
		t.Error("made a filter of what is none")
	}
	for range 2 {
		must(t, s.RemoveFilter(t.Context(), name))
	}
}
