//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// manifest is what "holm image show -o json" says, as far as these tests look at it.
type manifest struct {
	Name     string
	Digest   string
	Unlocked bool
	Moved    []move
	Root     struct {
		Name string
		Size int64
	}
}

type move struct{ Name, Locked, Now string }

func image(t *testing.T, state string) manifest {
	t.Helper()
	var m manifest
	decode(t, holm("image", "show", "debian-13", "-o", "json").in(state).must(t), &m)
	return m
}

func TestTheSameLockGivesTheSameImage(t *testing.T) {
	thorough(t)
	first := image(t, stateDir)
	dir := scratch(t, "again")
	holm("image", "build").in(dir).must(t)
	second := image(t, dir)
	if first.Digest != second.Digest {
		t.Errorf("built twice, it is %s and then %s", first.Digest, second.Digest)
	}
	if second.Root.Size > 700e6 {
		t.Errorf("the root takes %d bytes, more than 700 MB", second.Root.Size)
	}
	if whole := holm("image", "verify", "debian-13").in(dir).must(t); !strings.Contains(whole, "whole") {
		t.Errorf("verify says %q", whole)
	}
}

// less is a package that nothing else depends on: a lock that asks for another version of it is a mirror's dropping it.
var less = regexp.MustCompile(`("less": \{version: )"([^"]+)"`)

func TestALockedPackageThatIsGoneIsNamed(t *testing.T) {
	thorough(t)
	content, err := os.ReadFile("../images/debian-13.lock")
	if err != nil {
		t.Fatal(err)
	}
	const gone = "600-1"
	altered := less.ReplaceAll(content, []byte(`${1}"`+gone+`"`))
	if string(altered) == string(content) {
		t.Fatal("the lock has no line for less")
	}
	lock := filepath.Join(t.TempDir(), "altered.lock")
	if err := os.WriteFile(lock, altered, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := scratch(t, "moved")

	t.Run("with --locked it is refused before anything is installed", func(t *testing.T) {
		refusal{code: 1, says: "less " + gone}.check(t, holm("image", "build", "--locked", "--lock", lock).in(dir))
		if left := strings.Join(files(t, dir), "\n"); strings.Contains(left, "manifest") || strings.Contains(left, "root") {
			t.Errorf("it has left\n%s", left)
		}
	})
	t.Run("without it the image is built and shown as unlocked", func(t *testing.T) {
		o := holm("image", "build", "--lock", lock).in(dir).run(t)
		if o.code != 0 || !strings.Contains(o.stderr, "less "+gone) || !strings.Contains(o.stderr, "unlocked") {
			t.Fatalf("exit %d, it does not say what moved:\n%s", o.code, o.stderr)
		}
		m := image(t, dir)
		// The mirror may have moved since the lock was made: then less is not alone.
		named := slices.ContainsFunc(m.Moved, func(p move) bool { return p.Name == "less" && p.Locked == gone })
		if !m.Unlocked || !named {
			t.Errorf("the manifest says unlocked %v, moved %+v", m.Unlocked, m.Moved)
		}
		if ls := holm("image", "ls").in(dir).must(t); !strings.Contains(ls, "\tunlocked\t") {
			t.Errorf("the list does not show it:\n%s", ls)
		}
	})
	t.Run("and --locked does not take that image for its own", func(t *testing.T) {
		refusal{code: 1, says: "less " + gone}.check(t, holm("image", "build", "--locked", "--lock", lock).in(dir))
	})
}

func TestACorruptedImageStopsTheGuest(t *testing.T) {
	dir := scratch(t, "corrupt")
	m := image(t, stateDir)
	path := filepath.Join("images", "sha256", strings.TrimPrefix(m.Digest, "sha256:"))
	copyImage(t, filepath.Join(stateDir, path), filepath.Join(dir, path))
	if err := prepare(t.Context(), dir, netName2, subnet2); err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(dir, path, m.Root.Name), 1024) // the superblock of erofs: mounting reads it
	const name = prefix + "corrupt"
	t.Cleanup(func() { holm("rm", "--yes", name).in(dir).do(context.Background()) })
	o := holm("create", name, "--profile", "plain", "--flavor", "tiny").in(dir).run(t)
	if o.code != 1 || !strings.Contains(o.stderr, "dm-verity") {
		t.Errorf("exit %d, want 1 and dm-verity named:\n%s", o.code, o.stderr)
	}
	var v view
	decode(t, holm("show", name, "-o", "json").in(dir).must(t), &v)
	if v.State != "failed" || !strings.Contains(v.Failure, "dm-verity") {
		t.Errorf("the record says %s, %q", v.State, v.Failure)
	}
	refusal{code: 8, says: "is damaged"}.check(t, holm("image", "verify", m.Digest).in(dir))
	holm("rm", "--yes", name).in(dir).must(t)
	for _, line := range inventory(t, dir) {
		if strings.Contains(line, name) || strings.Contains(line, netName2) || strings.HasPrefix(line, "file instances/") {
			t.Errorf("rm has left: %s", line)
		}
	}
}

// copyImage copies an image's files with their modes, sharing blocks where the file system can.
func copyImage(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o711); err != nil {
		t.Fatal(err)
	}
	command(t, "cp", "--reflink=auto", "--preserve=mode", "-r", from+"/.", to)
}

// flip inverts one byte of a file.
func flip(t *testing.T, path string, at int64) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{^b[0]}, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Chmod(0o444); err != nil {
		t.Fatal(err)
	}
}
