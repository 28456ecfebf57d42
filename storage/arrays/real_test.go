package arrays_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/arrays"
	"holm/storage/mounts"
	"holm/storage/pools"
)

// TestARealArrayIsMadeAndSeenAndRefusedTheSecondTime needs drives that may be written to, as the nested box has them.
func TestARealArrayIsMadeAndSeenAndRefusedTheSecondTime(t *testing.T) {
	spec := realSpec(t)
	var b arrays.Builder
	plan, err := b.Plan(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Make(t.Context(), plan, func(step string) { t.Log(step) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { takeDown(t, plan) })
	tree, err := pools.Looker{}.Look(t.Context(), spec.Mount)
	if err != nil {
		t.Fatal(err)
	}
	if short := tree.Shortfalls([]pools.Requirement{pools.RequireRaid10}); len(short) > 0 || tree.Degraded() != "" || tree.Broken() != "" {
		t.Errorf("%q, degraded %q, broken %q: %+v", short, tree.Degraded(), tree.Broken(), tree)
	}
	spec.Name, spec.Mount = "holm-test-2", spec.Mount+"-2"
	if _, err := b.Plan(t.Context(), spec); fault.KindOf(err) != fault.Refused {
		t.Errorf("drives that are in an array: %v", err)
	}
}

// TestARealArrayThatIsTakenBackCanBeMadeAgain finds what mdadm leaves behind, which made-up drives cannot show.
func TestARealArrayThatIsTakenBackCanBeMadeAgain(t *testing.T) {
	spec := realSpec(t)
	spec.Name = "holm-test-broken"
	broken := arrays.Builder{Run: func(ctx context.Context, name string, args ...string) ([]byte, error) {
		if name == "blkid" {
			return nil, errors.New("blkid said no")
		}
		return run.Command(ctx, name, args...)
	}}
	plan, err := broken.Plan(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Make(t.Context(), plan, func(string) {}); fault.KindOf(err) != fault.Failure {
		t.Fatalf("made with a program that fails: %v", err)
	}
	spec.Name = "holm-test-again" // without udev, the first name stays in /dev
	if _, err := (arrays.Builder{}).Plan(t.Context(), spec); err != nil {
		t.Errorf("the drives are not as they were: %v", err)
	}
}

func realSpec(t *testing.T) arrays.Spec {
	t.Helper()
	drives := os.Getenv("HOLM_TEST_DRIVES")
	if drives == "" {
		t.Skip("left out: HOLM_TEST_DRIVES=/dev/a,/dev/b,/dev/c,/dev/d names no drives that may be written to")
	}
	return arrays.Spec{Name: "holm-test", Level: arrays.Raid10, Drives: strings.Split(drives, ","), FS: arrays.XFS, Mount: filepath.Join(t.TempDir(), "srv")}
}

func takeDown(t *testing.T, p arrays.Plan) {
	t.Helper()
	if err := (mounts.Systemd{}).Remove(context.WithoutCancel(t.Context()), mounts.Mount{Where: p.Mount}); err != nil {
		t.Error(err)
	}
	for _, line := range []string{
		"sed -i '\\#" + p.Device() + "#d' /etc/mdadm/mdadm.conf", "wipefs -aq " + p.Device(), "mdadm --stop " + p.Device(), "mdadm --zero-superblock " + strings.Join(p.Spec.Drives, " "),
		"for d in " + strings.Join(p.Spec.Drives, " ") + "; do head -c 1048576 /dev/zero >$d; done", // the bitmap outlives the superblock
	} {
		if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
}
