package images

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

func TestRemoveTakesOneImageAndLeavesTheOthers(t *testing.T) {
	s := newStore(t)
	doomed, kept := add(t, s, variant("doomed")), add(t, s, variant("kept"))
	if err := s.sweep(); err != nil { // what the test's own builds have left
		t.Fatal(err)
	}
	if err := s.Remove(doomed.Digest, nil); err != nil {
		t.Fatal(err)
	}
	all, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Manifest{kept}, all); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sha256"}, names(t, s.dir)); diff != "" {
		t.Errorf("in the store's folder (-want +got):\n%s", diff)
	}
	wantFault(t, s.Remove(doomed.Digest, nil), fault.NotFound, "there is no image")
}

func TestRemoveRefusesAnImageThatIsInUse(t *testing.T) {
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	err := s.Remove(m.Digest, []string{"web", "db"})
	wantFault(t, err, fault.Busy, "in use by web, db")
	if want := "holm rm web db"; !strings.Contains(fault.RemedyOf(err), want) {
		t.Errorf("remedy is %q, want it to say %q", fault.RemedyOf(err), want)
	}
	if err := s.Verify(t.Context(), m.Digest, nil); err != nil {
		t.Errorf("the image was touched: %v", err)
	}
}

// What is not a digest must not become a path: an empty one would be the folder of all images.
func TestRemoveTakesNothingButADigest(t *testing.T) {
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	neighbour := filepath.Join(filepath.Dir(s.dir), "instances", "state.qcow2")
	put(t, neighbour, "precious")
	for name, digest := range map[string]string{
		"nothing":             "",
		"only the mark":       "sha256:",
		"the folder itself":   "sha256:.",
		"the folder above":    "sha256:..",
		"a neighbour":         "sha256:../../instances",
		"a name":              "debian-13",
		"a short digest":      m.Short(),
		"digits without mark": strings.TrimPrefix(m.Digest, "sha256:"),
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, s.Remove(digest, nil), fault.NotFound, "there is no image")
		})
	}
	if got := read(t, neighbour); got != "precious" {
		t.Errorf("the neighbour holds %q", got)
	}
	if err := s.Verify(t.Context(), m.Digest, nil); err != nil {
		t.Error(err)
	}
}

// Whoever lists while an image is being removed finds it whole or not at all.
func TestNobodyFindsHalfAnImage(t *testing.T) {
	s := newStore(t)
	for round := range 20 {
		m := add(t, s, exampleManifest("debian-13"))
		removed := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				all, err := s.List()
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
				for _, m := range all {
					if len(m.Packages) == 0 {
						t.Errorf("round %d: half a manifest: %v", round, m)
					}
				}
				select {
				case <-removed:
					return
				default:
				}
			}
		})
		err := s.Remove(m.Digest, nil)
		close(removed)
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSweepRemovesWhatKilledBuildsHaveLeft(t *testing.T) {
	s := newStore(t)
	m := add(t, s, exampleManifest("debian-13"))
	put(t, filepath.Join(s.dir, scratchPrefix+"build-123", "root", "etc", "passwd"), "half a root")
	put(t, filepath.Join(s.dir, scratchPrefix+"rm-abc", rootFile), "half an image")
	put(t, filepath.Join(s.dir, ".build.lock"), "")
	put(t, filepath.Join(s.dir, "notes"), "an operator's own")
	outside := filepath.Join(t.TempDir(), "file")
	put(t, outside, "precious")
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(s.dir, scratchPrefix+"link")); err != nil {
		t.Fatal(err)
	}
	if err := s.sweep(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".build.lock", "notes", "sha256"}, names(t, s.dir)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if got := read(t, outside); got != "precious" {
		t.Errorf("a link was followed: the file behind it holds %q", got)
	}
	if err := s.Verify(t.Context(), m.Digest, nil); err != nil {
		t.Error(err)
	}
}

// A build that was killed with the host's folders mounted in it must not cost the host what is in them.
func TestSweepDoesNotReachThroughWhatAKilledBuildHadMounted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	s := newStore(t)
	host := t.TempDir()
	device, below := filepath.Join(host, "null"), filepath.Join(host, "fs", "file")
	put(t, device, "precious")
	put(t, below, "precious")
	if err := unix.Mount(filepath.Dir(below), filepath.Dir(below), "", unix.MS_BIND, ""); err != nil {
		t.Skipf("this machine does not let root mount: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(filepath.Dir(below), unix.MNT_DETACH) })
	if err := unix.Mount("", filepath.Dir(below), "", unix.MS_SHARED, ""); err != nil {
		t.Fatal(err)
	}
	dev := filepath.Join(s.dir, scratchPrefix+"build-1", "root", "dev")
	if err := os.MkdirAll(dev, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(host, dev, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dev, unix.MNT_DETACH) })
	if err := s.sweep(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{device, below} {
		if content, err := os.ReadFile(file); err != nil || string(content) != "precious" {
			t.Errorf("%s is %q, %v: the sweep went through the mount", file, content, err)
		}
	}
	if mounted, err := mountinfo.Mounted(filepath.Dir(below)); err != nil || !mounted {
		t.Errorf("the host's own mount is gone with the copy: %v", err)
	}
	if got := names(t, s.dir); slices.Contains(got, scratchPrefix+"build-1") {
		t.Errorf("in the store's folder: %q, want the build gone", got)
	}
}

func TestAFolderWhoseNameIsAPatternIsSwept(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "images [of] *"))
	if err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(s.dir, scratchPrefix+"build-1", "left"), "")
	if err := s.sweep(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sha256"}, names(t, s.dir)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestSweepSaysWhatItCouldNotRead(t *testing.T) {
	err := Open(filepath.Join(t.TempDir(), "none")).sweep()
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "clean up") {
		t.Errorf("error is %v", err)
	}
}
