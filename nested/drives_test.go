//go:build nested

package nested

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// drive is how the box's kernel calls the nth of its drives, whatever order it found them in.
func drive(n int) string { return fmt.Sprintf("/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_HOLM%d", n) }

// qmp asks the QEMU that the box runs in.
func qmp(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "virsh", "-q", "-c", "qemu:///system", "qemu-monitor-command", boxName, command).CombinedOutput()
	if err != nil {
		t.Fatalf("QMP: %s: %v\n%s", command, err, out)
	}
	return string(out)
}

// pull takes a drive out of its slot. The kernel drops it at once, and nobody has told md before.
func pull(t *testing.T, n int) {
	t.Helper()
	if said := qmp(t, fmt.Sprintf(`{"execute":"device_del","arguments":{"id":"nvme%d"}}`, n)); strings.Contains(said, `"error"`) {
		t.Fatalf("pull drive %d: %s", n, said)
	}
	await(t, fmt.Sprintf("drive %d is out of the machine", n), func() bool {
		return strings.Contains(qmp(t, fmt.Sprintf(`{"execute":"qom-get","arguments":{"path":"/machine/peripheral/nvme%d","property":"type"}}`, n)), "DeviceNotFound")
	})
	until(t, "the kernel has seen the drive go", "! test -e "+drive(n))
}

// plug puts the same drive back into its slot.
func plug(t *testing.T, n int) {
	t.Helper()
	said := qmp(t, fmt.Sprintf(`{"execute":"device_add","arguments":{"driver":"nvme","serial":"HOLM%d","drive":"drive%d","id":"nvme%d","bus":"slot%d"}}`, n, n, n, n))
	if strings.Contains(said, `"error"`) {
		t.Fatalf("plug drive %d in: %s", n, said)
	}
	until(t, "the kernel has seen the drive come", "test -e "+drive(n))
}

// rejoin makes a drive that came back a member again, and waits until it holds all that it missed.
func rejoin(t *testing.T, n int) {
	t.Helper()
	sh(t, fmt.Sprintf(`udevadm settle; array=$(findmnt -no SOURCE %[1]s)
grep -q "$(basename "$(readlink -f %[2]s)")\[" /proc/mdstat || mdadm --quiet "$array" --re-add %[2]s || mdadm --quiet "$array" --add %[2]s`, mount, drive(n)))
	until(t, "the array is whole", fmt.Sprintf(`md=/sys/class/block/$(basename "$(findmnt -no SOURCE %s)")/md
test "$(cat "$md/degraded")" = 0 && test "$(cat "$md/sync_action")" = idle && ! grep -q recovery /proc/mdstat`, mount))
}

// await asks again and again until the answer is yes.
func await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !yes() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not so after %v", what, patience)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
