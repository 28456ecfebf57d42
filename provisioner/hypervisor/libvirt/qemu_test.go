//go:build real

package libvirt

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/network"
)

// The objects of these tests. They are not holm-default and not anybody's.
const (
	qemuURI    = "qemu:///system"
	helperName = "holm-helper-qemu"
	helperUUID = "6c1e7a52-4f0b-4d3e-9a51-0d2f6b7c8e99"
)

func helperNetwork() network.Network {
	return network.Network{
		Name: "holm-helper-qemu", UUID: network.UUID("holm-helper-qemu"), Bridge: "holmhlpq0",
		Subnet: netip.MustParsePrefix("10.251.78.0/24"),
	}
}

// haltingKernel is the smallest that QEMU boots directly with an initrd: the header of Linux's boot protocol 2.3, whose
// entry jumps over it to switch interrupts off and halt. The guest that it makes does nothing at all, not even let go
// of a disk.
func haltingKernel() []byte {
	kernel := make([]byte, 8<<10)
	copy(kernel[0x1fe:], []byte{0x55, 0xaa})             // boot flag
	copy(kernel[0x200:], []byte{0xeb, 0x66})             // entry: jump to 0x268
	copy(kernel[0x202:], "HdrS\x03\x02")                 // magic, version
	copy(kernel[0x211:], []byte{0x01})                   // loaded high
	copy(kernel[0x22c:], []byte{0xff, 0xff, 0xff, 0x03}) // highest address of the initrd
	copy(kernel[0x268:], []byte{0xfa, 0xf4, 0xeb, 0xfd}) // cli; hlt; jump to the hlt
	return kernel
}

// qemuHost connects to the real libvirt and leaves neither the domain nor the network behind.
func qemuHost(t *testing.T) *Host {
	t.Helper()
	h, err := Connect(t.Context(), qemuURI)
	if err != nil {
		t.Skipf("left out: this needs libvirt and QEMU: %v (%s)", err, fault.RemedyOf(err))
	}
	clean := func() {
		// The test's own context has ended when the cleanup runs.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err := errors.Join(h.Destroy(ctx, helperUUID), h.Undefine(ctx, helperUUID))
		_, netErr := h.RemoveNetwork(ctx, helperNetwork().UUID)
		if err := errors.Join(err, netErr, h.RemoveFilter(ctx, guardName)); err != nil {
			t.Errorf("left behind: %v", err)
		}
	}
	clean() // of a run that was killed
	t.Cleanup(func() {
		clean()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// helperSpec writes the files of a machine where QEMU's user can reach them.
func helperSpec(t *testing.T, h *Host) machine.Spec {
	t.Helper()
	info, err := h.Info(t.Context())
	if err != nil || len(info.Machines) == 0 {
		t.Skipf("left out: this libvirt has no q35 machine: %+v, %v", info, err)
	}
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o711); err != nil { // QEMU's user has to pass through
			t.Fatal(err)
		}
	}
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o644); err != nil { // readable for QEMU's user, as images are
			t.Fatal(err)
		}
		return path
	}
	s := spec(helperName, helperUUID)
	s.Machine = info.Machines[0]
	s.Kernel, s.Initrd = file("kernel", haltingKernel()), file("initrd", make([]byte, 4096))
	s.RootDisk, s.Seed = file("root.erofs", make([]byte, 1<<20)), file("seed.iso", make([]byte, 64<<10))
	s.StateDisk.Path, s.ConsoleLog = filepath.Join(dir, "state.qcow2"), filepath.Join(dir, "console.log")
	s.Network = helperNetwork().Name
	s.Address = netip.MustParseAddr("10.251.78.10")
	if out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-q", "-f", "qcow2", s.StateDisk.Path, "1G").CombinedOutput(); err != nil {
		t.Skipf("left out: qemu-img (apt install qemu-utils): %v: %s", err, out)
	}
	return s
}

// guarded makes the filter that holm's interfaces have.
func guarded(t *testing.T, h *Host) {
	t.Helper()
	if err := h.EnsureFilter(t.Context(), guardName, guardXML); err != nil {
		t.Fatal(err)
	}
}

// defined brings the network up and defines a machine on it.
func defined(t *testing.T, h *Host, xml string) {
	t.Helper()
	network, err := helperNetwork().XML()
	if err != nil {
		t.Fatal(err)
	}
	guarded(t, h)
	if err := errors.Join(h.EnsureNetwork(t.Context(), network), h.Define(t.Context(), xml)); err != nil {
		t.Fatal(err)
	}
}

// runningHelper defines and starts the machine on the real libvirt.
func runningHelper(t *testing.T) (*Host, machine.Spec) {
	t.Helper()
	h := qemuHost(t)
	s := helperSpec(t, h)
	xml, err := machine.Domain(s)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		defined(t, h, xml)
	}
	for range 2 {
		if err := h.Start(t.Context(), helperUUID); err != nil {
			t.Fatal(err)
		}
	}
	return h, s
}

func TestARealMachineRunsAndTellsItsCounters(t *testing.T) {
	h, s := runningHelper(t)
	st, err := h.Stats(t.Context(), helperUUID)
	if err != nil {
		t.Fatal(err)
	}
	if st.State != hypervisor.Running || st.VCPUs != s.VCPUs || st.MemoryBytes != uint64(s.MemoryMiB)<<20 || st.RSSBytes == 0 {
		t.Errorf("got %+v", st)
	}
	if len(st.Disks) != 3 || len(st.NICs) != 1 || !strings.HasPrefix(st.NICs[0].Device, "vnet") {
		t.Fatalf("got %d disks and %+v, want 3 and one vnet", len(st.Disks), st.NICs)
	}
	for i, want := range []hypervisor.DiskStats{
		{Target: machine.RootTarget, ReadOnly: true, Format: "raw", CapacityBytes: 1 << 20},
		{Target: machine.StateTarget, ReadOnly: false, Format: "qcow2", CapacityBytes: 1 << 30},
		{Target: machine.SeedTarget, ReadOnly: true, Format: "raw", CapacityBytes: 64 << 10},
	} {
		got := st.Disks[i]
		if got.Target != want.Target || got.ReadOnly != want.ReadOnly || got.Format != want.Format ||
			got.CapacityBytes != want.CapacityBytes || got.Node == "" || got.AllocatedBytes > want.CapacityBytes {
			t.Errorf("disk %d: got %+v, want %+v with a node", i, got, want)
		}
	}
	states, err := h.States(t.Context())
	if err != nil || states[helperUUID] != hypervisor.Running {
		t.Errorf("states: %v, %v", states, err)
	}
}

func TestTheSharedRootDiskIsNotGivenToQEMU(t *testing.T) {
	_, s := runningHelper(t)
	info, err := os.Stat(s.RootDisk)
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != os.Getuid() { // libvirt runs on Linux alone
		t.Errorf("the root disk belongs to uid %d while the guest runs, want %d as before", uid, os.Getuid())
	}
}

func TestTheNetworkHasABridgeAndNoService(t *testing.T) {
	runningHelper(t)
	bridge, err := net.InterfaceByName(helperNetwork().Bridge)
	if err != nil {
		t.Fatal(err)
	}
	addrs, err := bridge.Addrs()
	if err != nil || len(addrs) == 0 || addrs[0].String() != "10.251.78.1/24" {
		t.Errorf("the bridge has %v, %v; want 10.251.78.1/24", addrs, err)
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range commands {
		// A process that has ended since has no command line.
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "dnsmasq") &&
			strings.Contains(string(text), helperNetwork().Name) {
			t.Errorf("dnsmasq runs for it: %s", strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
}

func TestABridgeThatSomebodyElseMadeIsNotTakenOver(t *testing.T) {
	h := qemuHost(t)
	n := helperNetwork()
	n.Bridge = "lo"
	xml, err := n.XML()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EnsureNetwork(t.Context(), xml); !errors.Is(err, hypervisor.ErrNotOurs) {
		t.Errorf("got %v, want %v", err, hypervisor.ErrNotOurs)
	}
	n = helperNetwork()
	if xml, err = n.XML(); err != nil {
		t.Fatal(err)
	}
	if err := h.EnsureNetwork(t.Context(), xml); err != nil {
		t.Errorf("the refused one was left behind: %v", err)
	}
}

func TestStreamsOfARealMachineEndWhenTheyShould(t *testing.T) {
	h, _ := runningHelper(t)
	for name, open := range map[string]func() (io.ReadWriteCloser, error){
		"channel": func() (io.ReadWriteCloser, error) { return h.Channel(t.Context(), helperUUID, report.Channel) },
		"console": func() (io.ReadWriteCloser, error) { return h.Console(t.Context(), helperUUID) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := h.Start(t.Context(), helperUUID); err != nil {
				t.Fatal(err)
			}
			port, err := open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := open(); fault.KindOf(err) != fault.Busy {
				t.Errorf("opened twice: got %v, want a fault of kind Busy", err)
			}
			if _, err := port.Write([]byte("hello\n")); err != nil {
				t.Errorf("write: %v", err)
			}
			ended := make(chan error, 1)
			drain := func(r io.Reader) { _, err := io.Copy(io.Discard, r); ended <- err }
			go drain(port)
			if err := port.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("closed under its reader: got %v, want %v", err, io.ErrClosedPipe)
			}
			if port, err = open(); err != nil {
				t.Fatal(err)
			}
			go drain(port)
			if err := h.Destroy(t.Context(), helperUUID); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Errorf("the domain stopped: got %v, want io.EOF", err)
			}
			if err := port.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestADiskThatTheGuestDoesNotLetGoOfIsGoneAtTheNextStart(t *testing.T) {
	h, _ := runningHelper(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	live, err := h.DetachDisk(ctx, helperUUID, machine.SeedTarget)
	if err != nil || live {
		t.Fatalf("got %t, %v; want a disk that is still held, and no error", live, err)
	}
	if err := errors.Join(h.Destroy(t.Context(), helperUUID), h.Start(t.Context(), helperUUID)); err != nil {
		t.Fatal(err)
	}
	st, err := h.Stats(t.Context(), helperUUID)
	if err != nil || len(st.Disks) != 2 {
		t.Errorf("got %+v, %v; want two disks", st.Disks, err)
	}
}

func TestAQEMUThatDiesIsACrash(t *testing.T) {
	h, _ := runningHelper(t)
	events, err := h.Watch(t.Context(), helperUUID)
	if err != nil {
		t.Fatal(err)
	}
	if first := <-events; first.State != hypervisor.Running {
		t.Fatalf("got %+v", first)
	}
	pid, err := os.ReadFile("/run/libvirt/qemu/" + helperName + ".pid")
	if err != nil {
		t.Skipf("left out: QEMU's process cannot be found: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), "kill", "-KILL", strings.TrimSpace(string(pid))).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := <-events; got.State != hypervisor.Crashed {
		t.Errorf("got %+v, want crashed", got)
	}
	if state, err := h.State(t.Context(), helperUUID); err != nil || state != hypervisor.Crashed {
		t.Errorf("the state is %s, %v; want crashed", state, err)
	}
	if err := h.Start(t.Context(), helperUUID); err != nil {
		t.Errorf("it cannot be started again: %v", err)
	}
}
