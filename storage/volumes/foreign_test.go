package volumes

import (
	"os"
	"path/filepath"
	"testing"

	"holm/internal/fault"
)

// TestAFolderThatSomebodyElseHasMadeHoldsNoVolumes: root's qemu-img wrote there by a name that its owner could exchange for a link.
func TestAFolderThatSomebodyElseHasMadeHoldsNoVolumes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("left out: folders of others, which needs root")
	}
	const nobody = 65534
	for name, spoil := range map[string]func(pool, folder string) error{
		"the folder is somebody else's": func(_, folder string) error { return os.Chown(folder, nobody, nobody) },
		"the pool is somebody else's":   func(pool, _ string) error { return os.Chown(pool, nobody, nobody) },
		"everybody writes to the pool":  func(pool, _ string) error { return os.Chmod(pool, 0o777) }, // #nosec G302 -- that is the question
		"everybody writes to the folder": func(_, folder string) error {
			return os.Chmod(folder, os.ModeSticky|0o777) // #nosec G302 -- that is the question
		},
		"the folder is a link of somebody else's": func(pool, folder string) error {
			if err := os.Rename(folder, folder+"-2"); err != nil {
				return err
			}
			if err := os.Symlink(folder+"-2", folder); err != nil {
				return err
			}
			return os.Lchown(folder, nobody, nobody)
		},
	} {
		t.Run(name, func(t *testing.T) {
			pool := t.TempDir()
			b := folder{dir: filepath.Join(pool, "holm"), format: qcow2()}
			if err := b.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := b.Create(t.Context(), hostileID, 1, nil); err != nil {
				t.Fatal(err)
			}
			if err := spoil(pool, b.dir); err != nil {
				t.Fatal(err)
			}
			_, usage := b.Usage(t.Context(), hostileID)
			for what, err := range map[string]error{
				"prepare": b.Prepare(t.Context()), "create": b.Create(t.Context(), "ba9876543210", 1, nil), "usage": usage,
				"grow": b.Grow(t.Context(), hostileID, 2, false), "wipe": b.Wipe(t.Context(), hostileID), "remove": b.Remove(t.Context(), hostileID),
			} {
				if fault.KindOf(err) != fault.Unfit || fault.RemedyOf(err) == "" {
					t.Errorf("%s: %v, remedy %q", what, err, fault.RemedyOf(err))
				}
			}
		})
	}
}
