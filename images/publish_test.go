package images

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPublishedImageIsWhole(t *testing.T) {
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	if err := s.Verify(t.Context(), m.Digest, nil); err != nil {
		t.Error(err)
	}
	got, err := s.Get(m.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("manifest (-published +read):\n%s", diff)
	}
	for f, want := range map[File]string{got.Kernel: "kernel", got.Initrd: "initrd", got.Root: "root"} {
		if text := read(t, s.Path(got, f)); text != want {
			t.Errorf("%s holds %q, want %q", f.Name, text, want)
		}
	}
	if diff := cmp.Diff([]string{initrdFile, manifestFile, rootFile, kernelFile}, names(t, s.imageDir(m.Digest))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// QEMU runs as a user of its own, and the umask of whoever builds must not decide whether it reaches its disk.
func TestQEMUsOwnUserReachesAnImageButCannotChangeIt(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	dir := s.imageDir(m.Digest)
	for path, want := range map[string]fs.FileMode{
		s.dir: 0o711, filepath.Dir(dir): 0o711, dir: 0o711,
		s.Path(m, m.Kernel): 0o444, s.Path(m, m.Initrd): 0o444, s.Path(m, m.Root): 0o444, filepath.Join(dir, manifestFile): 0o444,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s is %o, want %o", path, got, want)
		}
	}
}

func TestPreparingAStoreThatIsThereKeepsItsModes(t *testing.T) {
	s := newStore(t)
	if err := os.Chmod(s.dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o750 {
		t.Errorf("mode is now %o: what the operator chose was undone", info.Mode().Perm())
	}
}

func TestPublishingTheSameImageAgainLeavesTheFirst(t *testing.T) {
	s := newStore(t)
	first := add(t, s, exampleManifest("debian-13"))
	before, err := os.Stat(s.Path(first, first.Root))
	if err != nil {
		t.Fatal(err)
	}
	second := add(t, s, exampleManifest("debian-13"))
	if second.Digest != first.Digest {
		t.Fatalf("the same content is %s, then %s", first.Digest, second.Digest)
	}
	after, err := os.Stat(s.Path(first, first.Root))
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("the root disk that instances use was exchanged")
	}
}

// An image in use cannot be removed; building it again is the way to mend it.
func TestPublishingTheSameImageAgainMendsADamagedOne(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, s *Store, m Manifest){
		"a flipped bit in the root disk": func(t *testing.T, s *Store, m Manifest) { spoil(t, s.Path(m, m.Root), flipLastBit) },
		"a flipped bit in the manifest": func(t *testing.T, s *Store, m Manifest) {
			spoil(t, filepath.Join(s.imageDir(m.Digest), manifestFile), flipLastBit)
		},
		"no kernel": func(t *testing.T, s *Store, m Manifest) {
			if err := os.Remove(s.Path(m, m.Kernel)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			m := add(t, s, exampleManifest("debian-13"))
			inUse, err := os.Open(s.Path(m, m.Root))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = inUse.Close() }()
			damage(t, s, m)

			again := add(t, s, exampleManifest("debian-13"))
			if err := s.Verify(t.Context(), again.Digest, nil); err != nil {
				t.Error(err)
			}
			if again.Digest != m.Digest {
				t.Errorf("digest is %s, was %s", again.Digest, m.Digest)
			}
			if _, err := inUse.Read(make([]byte, 1)); err != nil {
				t.Errorf("an instance that has the old disk open cannot go on: %v", err)
			}
		})
	}
}

func TestWhatCannotBePublishedIsNotFound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, s *Store, out string, m *Manifest)
		says  string
	}{
		"without a root disk": {func(t *testing.T, _ *Store, out string, _ *Manifest) {
			if err := os.Remove(filepath.Join(out, rootFile)); err != nil {
				t.Fatal(err)
			}
		}, rootFile},
		"without a folder": {func(t *testing.T, _ *Store, out string, _ *Manifest) {
			if err := os.RemoveAll(out); err != nil {
				t.Fatal(err)
			}
		}, "no such file"},
		"with the store gone": {func(t *testing.T, s *Store, _ string, _ *Manifest) {
			if err := os.Remove(filepath.Join(s.dir, "sha256")); err != nil {
				t.Fatal(err)
			}
		}, "publish the image"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			m := exampleManifest("debian-13")
			out := stage(t, s, &m, "root")
			c.spoil(t, s, out, &m)
			if _, err := s.publish(t.Context(), out, m); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
			if all, err := s.List(); err != nil || len(all) != 0 {
				t.Errorf("the store has %v, %v", all, err)
			}
		})
	}
}

func TestACancelledBuildDoesNotTakeTheOldImageForDamaged(t *testing.T) {
	s := newStore(t)
	m := exampleManifest("debian-13")
	add(t, s, m)
	out := stage(t, s, &m, "root")
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("ctrl-c")
	cancel(reason)
	if _, err := s.publish(ctx, out, m); !errors.Is(err, reason) {
		t.Errorf("error is %v, want the cause of the context", err)
	}
	if _, err := os.Stat(out + ".damaged"); err == nil {
		t.Error("the image that was there has been moved away")
	}
}
