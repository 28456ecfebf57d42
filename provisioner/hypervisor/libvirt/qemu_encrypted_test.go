//go:build real

package libvirt

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holm/provisioner/machine"
	"holm/storage/luks"
)

// An encrypted block device is what a volume of a thin pool is to QEMU.
func TestARealEncryptedDeviceGrowsUnderItsGuest(t *testing.T) {
	h := qemuHost(t)
	s := helperSpec(t, h)
	key := []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	header, err := luks.Header(key, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(s.Kernel), "state.raw")
	if err := errors.Join(os.WriteFile(file, header, 0o600), os.Truncate(file, 1<<30+luks.HeaderBytes)); err != nil {
		t.Fatal(err)
	}
	device := loop(t, file)
	s.StateDisk = machine.Disk{Path: device, Format: "raw", Block: true, Secret: helperUUID}
	xml, err := machine.Domain(s)
	if err != nil {
		t.Fatal(err)
	}
	defined(t, h, xml)
	if err := h.Start(t.Context(), helperUUID); err == nil {
		t.Fatal("it started without its key")
	}
	if err := errors.Join(h.SetSecret(t.Context(), helperUUID, device, key), h.Start(t.Context(), helperUUID), h.RemoveSecret(t.Context(), helperUUID)); err != nil {
		t.Fatal(err)
	}
	for _, bytes := range []uint64{1 << 30, 2 << 30} {
		if err := os.Truncate(file, int64(bytes)+luks.HeaderBytes); err != nil { // #nosec G115 -- one of the two above
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "losetup", "--set-capacity", device).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := h.ResizeDisk(t.Context(), helperUUID, machine.StateTarget, bytes); err != nil {
			t.Fatal(err)
		}
		st, err := h.Stats(t.Context(), helperUUID)
		if err != nil || st.Disks[1].CapacityBytes != bytes {
			t.Errorf("got %+v, %v; want a state disk of %d bytes", st.Disks, err, bytes)
		}
	}
}

// loop makes a block device of a file.
func loop(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", file).Output()
	if err != nil {
		t.Skipf("left out: a block device, which needs root and loop devices: %v", err)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		// Its QEMU goes with the host's cleanup, which comes later: the kernel detaches it when nobody has it open.
		if out, err := exec.CommandContext(context.Background(), "losetup", "--detach", device).CombinedOutput(); err != nil {
			t.Errorf("detach %s: %v: %s", device, err, out)
		}
	})
	return device
}
