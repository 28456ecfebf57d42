package pools

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// loops are four loop devices of 256 MiB each.
func loops(t *testing.T) []string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out: an array of its own, which needs root")
	}
	if _, err := exec.LookPath("mkfs.btrfs"); err != nil {
		t.Skip("left out: an array of its own, which needs btrfs-progs")
	}
	var all []string
	for range 4 {
		file := filepath.Join(t.TempDir(), "drive")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, 256<<20); err != nil {
			t.Fatal(err)
		}
		device := strings.TrimSpace(output(t, "losetup", "--find", "--show", file))
		t.Cleanup(func() { _ = exec.Command("losetup", "--detach", device).Run() })
		all = append(all, device)
	}
	return all
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

// A real array that any kernel with btrfs makes: whole, and with a drive that is gone.
func TestARealArrayIsSeenWholeAndWithoutOneOfItsDrives(t *testing.T) {
	drives := loops(t)
	output(t, "mkfs.btrfs", append([]string{"-q", "-f", "-d", "raid10", "-m", "raid10"}, drives...)...)
	dir := t.TempDir()
	output(t, "mount", drives[0], dir)
	mounted := true
	t.Cleanup(func() {
		if mounted {
			output(t, "umount", dir)
		}
	})
	var l Looker
	whole, err := l.Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if short := whole.Shortfalls([]Requirement{RequireRaid10}); len(short) > 0 || whole.Degraded() != "" || whole.Broken() != "" || len(whole.Drives()) != 4 {
		t.Errorf("%q, degraded %q, broken %q: %+v", short, whole.Degraded(), whole.Broken(), whole)
	}
	if got := whole.Summary(); got != "raid10 on 4 loop" {
		t.Errorf("in short it is %q", got)
	}
	output(t, "umount", dir)
	mounted = false

	output(t, "losetup", "--detach", drives[3])
	output(t, "btrfs", "device", "scan", "--forget")
	output(t, "btrfs", append([]string{"device", "scan"}, drives[:3]...)...)
	output(t, "mount", "-o", "degraded", drives[0], dir)
	mounted = true
	less, err := l.Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if less.FSUUID != whole.FSUUID || less.Broken() != "" || !strings.Contains(less.Degraded(), "1 of 4 members missing") {
		t.Errorf("without one of its drives: degraded %q, broken %q: %+v", less.Degraded(), less.Broken(), less)
	}
}
