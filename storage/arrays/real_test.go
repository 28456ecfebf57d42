package arrays_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/storage/arrays"
	"holm/storage/pools"
)

// TestARealArrayIsMadeAndSeenAndRefusedTheSecondTime needs drives that may be written to, as the nested box has them.
func TestARealArrayIsMadeAndSeenAndRefusedTheSecondTime(t *testing.T) {
	drives := os.Getenv("HOLM_TEST_DRIVES")
	if drives == "" {
		t.Skip("left out: HOLM_TEST_DRIVES=/dev/a,/dev/b,/dev/c,/dev/d names no drives that may be written to")
	}
	spec := arrays.Spec{Name: "holm-test", Level: arrays.Raid10, Drives: strings.Split(drives, ","), FS: arrays.XFS, Mount: filepath.Join(t.TempDir(), "srv")}
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

func takeDown(t *testing.T, p arrays.Plan) {
	t.Helper()
	for _, line := range []string{
		"systemctl disable --now $(systemd-escape --path --suffix=mount " + p.Mount + ")", "rm -f /etc/systemd/system/$(systemd-escape --path --suffix=mount " + p.Mount + ")",
		"sed -i '\\#" + p.Device() + "#d' /etc/mdadm/mdadm.conf", "wipefs -aq " + p.Device(), "mdadm --stop " + p.Device(), "mdadm --zero-superblock " + strings.Join(p.Spec.Drives, " "),
	} {
		if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
}
