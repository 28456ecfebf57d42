package libvirt

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/hypervisor/hypervisortest"
	"holm/provisioner/machine"
	"holm/provisioner/network"
)

// testHost connects to libvirt's in-process test driver, on a host of its own without any object.
func testHost(t *testing.T) *Host {
	t.Helper()
	node := filepath.Join(t.TempDir(), "node.xml")
	if err := os.WriteFile(node, []byte("<node/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := Connect(t.Context(), "test://"+node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// guardName is that of the filter that holm's interfaces have.
var guardName, guardXML, _ = network.Guard("/var/lib/holm-helper")

func spec(name, uuid string) machine.Spec {
	return machine.Spec{
		Name: name, UUID: uuid, InstanceID: "0123456789ab", Tenant: "acme",
		Accel: machine.TCG, Machine: "pc-q35-7.2", VCPUs: 1, MemoryMiB: 64,
		Kernel: "/holm/kernel", Initrd: "/holm/initrd", Cmdline: `a="b" c='<d>' & e`,
		RootDisk: "/holm/root.erofs", StateDisk: machine.Disk{Path: "/holm/state.qcow2", Format: machine.Qcow2}, Seed: "/holm/seed.iso",
		Network: "holm-helper", Filter: guardName, MAC: "52:54:00:4e:11:0c", Address: netip.MustParseAddr("10.251.77.10"), ConsoleLog: "/holm/console.log",
	}
}

// testDomain is the real machine, of the type that the test driver runs. The driver judges it by libvirt's own schema.
func testDomain(t *testing.T) func(name, uuid string) string {
	t.Helper()
	return func(name, uuid string) string {
		text, err := machine.Domain(spec(name, uuid))
		if err != nil {
			t.Fatal(err)
		}
		var d libvirtxml.Domain
		if err := d.Unmarshal(text); err != nil {
			t.Fatal(err)
		}
		d.Type = "test"
		if text, err = d.Marshal(); err != nil {
			t.Fatal(err)
		}
		return text
	}
}

func TestLibvirtsTestDriverConforms(t *testing.T) {
	hypervisortest.Conformance(t, func(t *testing.T) hypervisor.Driver { return testHost(t) }, testDomain(t))
}

func TestALibvirtThatIsDownIsNamedWithItsRemedy(t *testing.T) {
	for name, uri := range map[string]string{
		"no daemon":         "qemu:///system?socket=" + filepath.Join(t.TempDir(), "none"),
		"no such driver":    "holm:///nowhere",
		"a missing file":    "test:///nonexistent/node.xml",
		"not a URI":         ":",
		"a host that is no": "qemu+unix:///system?socket=/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Connect(t.Context(), uri)
			if !errors.Is(err, hypervisor.ErrUnreachable) || fault.KindOf(err) != fault.Unfit {
				t.Fatalf("got %v, kind %d", err, fault.KindOf(err))
			}
			if msg := err.Error(); strings.ContainsAny(msg, "\n\x1b") || len(msg) > 1000 || strings.Contains(msg, "virError") {
				t.Errorf("not one short line for people: %q", msg)
			}
			if remedy := fault.RemedyOf(err); !strings.Contains(remedy, "libvirt") {
				t.Errorf("the remedy is %q", remedy)
			}
		})
	}
}

func TestAHostileURIIsRefusedWithoutAskingLibvirt(t *testing.T) {
	for name, uri := range map[string]string{
		"no URI":                "",
		"a URI with a newline":  "qemu:///system\n",
		"a URI with an escape":  "qemu:///\x1b[31msystem",
		"a URI that is no text": "qemu:///\xff",
		"a URI of 64 KiB":       "qemu:///" + strings.Repeat("a", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Connect(t.Context(), uri)
			if fault.KindOf(err) != fault.Usage || err == nil || len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("got %v, want one short line of kind Usage", err)
			}
		})
	}
}

func TestAContextThatHasEndedDoesNotConnect(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Connect(ctx, "test:///default"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAClosedHostAnswersWithAnErrorAndEndsItsWatches(t *testing.T) {
	h := testHost(t)
	events, err := h.Watch(t.Context(), "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e91")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Fatal(err)
	}
	for range events {
	}
	if _, err := h.States(t.Context()); !errors.Is(err, hypervisor.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestInfoListsVersionedMachinesNewestFirst(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "capabilities.xml"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := parseCapabilities(string(text))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(info.Machines, " ")
	if want := "pc-q35-10.0.1 pc-q35-10.0 pc-q35-7.2 pc-q35-7.1 pc-q35-2.12"; got != want {
		t.Errorf("machines %s, want %s", got, want)
	}
	if !info.KVM || strings.Join(info.SecurityModels, " ") != "apparmor dac" {
		t.Errorf("got %+v", info)
	}
	if _, err := parseCapabilities("<capabilities"); err == nil {
		t.Error("read capabilities that are none")
	}
	if info, err := testHost(t).Info(t.Context()); err != nil || info.LibvirtVersion == "" || info.KVM {
		t.Errorf("the test driver: %+v, %v", info, err)
	}
}
