//go:build real

package libvirt

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
)

func TestARealDiskGrowsUnderItsGuest(t *testing.T) {
	h, _ := runningHelper(t)
	for range 2 {
		if err := h.ResizeDisk(t.Context(), helperUUID, machine.StateTarget, 2<<30); err != nil {
			t.Fatal(err)
		}
		st, err := h.Stats(t.Context(), helperUUID)
		if err != nil || st.Disks[1].CapacityBytes != 2<<30 {
			t.Errorf("got %+v, %v; want a state disk of 2 GiB", st.Disks, err)
		}
	}
	if err := h.ResizeDisk(t.Context(), helperUUID, machine.StateTarget, 1<<30); fault.KindOf(err) != fault.Usage {
		t.Errorf("shrinking: got %v, want a fault of kind Usage", err)
	}
	if err := h.ResizeDisk(t.Context(), helperUUID, "vdx", 2<<30); err == nil {
		t.Error("a disk that is not there was resized")
	}
	failed, err := h.DiskErrors(t.Context(), helperUUID)
	if err != nil || len(failed) != 0 {
		t.Errorf("the disks that failed are %v, %v; want none", failed, err)
	}
	if err := h.Resume(t.Context(), helperUUID); err != nil {
		t.Errorf("resume a guest that runs: %v", err)
	}
}

// writing is how much writingKernel writes, in bytes.
const writing = 32 << 20

// writingKernel is haltingKernel with something to do first: it asks the BIOS (INT 13h, extended write) to write 32 MiB
// from the beginning of the first disk, 32 KiB at a time, and gives up at the first error.
func writingKernel() []byte {
	kernel := haltingKernel()
	copy(kernel[0x268:], []byte{
		0xbe, 0x90, 0x02, // mov si, 0x290: what is to be written, see below
		0x8c, 0x5c, 0x06, // mov [si+6], ds: this code, so that they are not zeros
		0xb8, 0x00, 0x43, // mov ax, 0x4300
		0xb2, 0x80, // mov dl, 0x80
		0xcd, 0x13, // int 0x13
		0x72, 0x06, // jc to the cli
		0x83, 0x44, 0x08, 0x40, // add word [si+8], 64
		0x73, 0xeb, // jnc to the beginning
		0xfa, 0xf4, 0xeb, 0xfd, // cli; hlt; jump to the hlt
	})
	copy(kernel[0x290:], []byte{0x10, 0, 64}) // 16 bytes long, 64 sectors, from ds:0, to sector 0
	return kernel
}

func TestARealGuestThatFindsNoSpaceStallsAndGoesOnWhenThereIsSome(t *testing.T) {
	h := qemuHost(t)
	s := helperSpec(t, h)
	if err := os.WriteFile(s.Kernel, writingKernel(), 0o644); err != nil { // as in helperSpec
		t.Fatal(err)
	}
	pool := smallPool(t, filepath.Dir(s.Kernel))
	filler := filepath.Join(pool, "filler")
	if err := os.WriteFile(filler, make([]byte, 48<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	was := s.StateDisk.Path
	s.StateDisk.Path = filepath.Join(pool, "state.qcow2")
	if out, err := exec.CommandContext(t.Context(), "cp", was, s.StateDisk.Path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	xml, err := machine.Domain(s)
	if err != nil {
		t.Fatal(err)
	}
	// Of the disks, the BIOS looks at those alone that are to be booted from.
	serial := "<serial>" + machine.StateSerial + "</serial>"
	xml = strings.Replace(xml, serial, serial+`<boot order="1"/>`, 1)
	defined(t, h, xml)
	events, err := h.Watch(t.Context(), helperUUID)
	if err != nil {
		t.Fatal(err)
	}
	next := func(want hypervisor.State, reason string) {
		t.Helper()
		if got := <-events; got.State != want || got.Reason != reason {
			t.Fatalf("got %+v, want %s, %s", got, want, reason)
		}
	}
	next(hypervisor.Off, "now")
	if err := h.Start(t.Context(), helperUUID); err != nil {
		t.Fatal(err)
	}
	next(hypervisor.Running, "started")
	next(hypervisor.Stalled, "io-error")
	stalled(t, h)

	if err := h.Resume(t.Context(), helperUUID); err != nil {
		t.Fatal(err)
	}
	next(hypervisor.Running, "resumed") // nothing has changed
	next(hypervisor.Stalled, "io-error")
	stalled(t, h)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := h.Resume(t.Context(), helperUUID); err != nil {
		t.Fatal(err)
	}
	next(hypervisor.Running, "resumed")
	for wrote := uint64(0); wrote < writing; {
		st, err := h.Stats(t.Context(), helperUUID)
		if err != nil || st.State != hypervisor.Running {
			t.Fatalf("got %+v, %v", st, err)
		}
		wrote = st.Disks[1].WriteBytes
	}
}

func stalled(t *testing.T, h *Host) {
	t.Helper()
	state, err := h.State(t.Context(), helperUUID)
	states, errAll := h.States(t.Context())
	st, errStats := h.Stats(t.Context(), helperUUID)
	failed, errFailed := h.DiskErrors(t.Context(), helperUUID)
	if err := errors.Join(err, errAll, errStats, errFailed); err != nil {
		t.Fatal(err)
	}
	if want := hypervisor.Stalled; state != want || states[helperUUID] != want || st.State != want {
		t.Errorf("the state is %s, %s in the list, %s in the counters; want %s", state, states[helperUUID], st.State, want)
	}
	if len(failed) != 1 || failed[machine.StateTarget] != hypervisor.DiskFull {
		t.Errorf("the disks that failed are %v, want %s: %s", failed, machine.StateTarget, hypervisor.DiskFull)
	}
}

// smallPool mounts a file system of 64 MiB where QEMU's user can reach it.
func smallPool(t *testing.T, dir string) string {
	t.Helper()
	image, mnt := filepath.Join(dir, "pool.img"), filepath.Join(dir, "pool")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 64<<20), os.Mkdir(mnt, 0o711)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mkfs.ext4", "-q", "-m", "0", image).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "loop", image, mnt).CombinedOutput(); err != nil {
		t.Skipf("left out: a file system of its own, which needs root and loop devices: %v: %s", err, out)
	}
	t.Cleanup(func() {
		// Its QEMU goes with the host's cleanup, which comes later: detached, it is unmounted when nobody has it open.
		if err := syscall.Unmount(mnt, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(mnt, 0o711); err != nil { // QEMU's user has to pass through
		t.Fatal(err)
	}
	return mnt
}
