package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"holm/internal/atomicfile"
)

func TestWhatIsWrittenInAFolderThatIsHeldOpenLiesInThatFolder(t *testing.T) {
	parent := t.TempDir()
	held, moved, elsewhere := filepath.Join(parent, "held"), filepath.Join(parent, "moved"), t.TempDir()
	if err := os.Mkdir(held, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenRoot(held)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	if err := os.Rename(held, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, held); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(elsewhere, "target"), "not this one")
	if err := os.Symlink(filepath.Join(elsewhere, "target"), filepath.Join(moved, "file")); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.WriteIn(dir, "file", 0o640, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(moved, "file"), "new")
	wantContent(t, filepath.Join(elsewhere, "target"), "not this one")
	if info, err := os.Lstat(filepath.Join(moved, "file")); err != nil || info.Mode() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if left, err := os.ReadDir(moved); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}
