package images

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/internal/lock"
)

// buildable leaves a test of Build out where the guest's programs have not been compiled.
func buildable(t *testing.T) payload {
	t.Helper()
	p, err := guestPayload()
	if err != nil {
		t.Skipf("left out: %v", err)
	}
	return p
}

// built puts an image into the store as if it had been built from that lock.
func built(t *testing.T, s *Store, l Lock, unlocked bool) Manifest {
	t.Helper()
	inputs, err := buildable(t).inputs(l)
	if err != nil {
		t.Fatal(err)
	}
	m := exampleManifest(l.Name)
	m.Inputs, m.Unlocked = inputs, unlocked
	return add(t, s, m)
}

func TestBuildReturnsTheImageThatIsThere(t *testing.T) {
	for name, c := range map[string]struct{ locked, unlocked bool }{
		"of the lock":                      {false, false},
		"of the lock, when only that will": {true, false},
		"of other packages, when they do":  {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			want := built(t, s, exampleLock(), c.unlocked)
			got, err := s.Build(t.Context(), BuildOptions{Lock: exampleLock(), Locked: c.locked, Progress: func(phase string, _, _ int64) {
				t.Errorf("it worked on %q", phase)
			}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}

// The mirror of these builds is an empty folder: that apt is asked at all shows that the image was not taken.
func TestBuildDoesNotTakeTheImageThatIsThere(t *testing.T) {
	need(t, "apt-get")
	if os.Geteuid() != 0 {
		t.Skip("left out: builds that begin; they need root")
	}
	for name, c := range map[string]struct {
		unlocked bool
		change   func(*BuildOptions)
	}{
		"of other packages, when only the locked ones will do": {true, func(o *BuildOptions) { o.Locked = true }},
		"of another lock":           {false, func(o *BuildOptions) { o.Lock.Epoch++ }},
		"when it is to build again": {false, func(o *BuildOptions) { o.Force = true }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			m := built(t, s, exampleLock(), c.unlocked)
			put(t, filepath.Join(s.dir, scratchPrefix+"build-killed", "left"), "")
			empty := "file:" + t.TempDir()
			o := BuildOptions{Lock: exampleLock(), Mirror: Mirror{Main: empty, Security: empty}}
			c.change(&o)
			_, err := s.Build(t.Context(), o)
			wantFault(t, err, fault.Failure, "cannot read Debian's package lists")
			if diff := cmp.Diff([]string{".build.lock", "sha256"}, names(t, s.dir)); diff != "" {
				t.Errorf("left behind (-want +got):\n%s", diff)
			}
			if err := s.Verify(t.Context(), m.Digest, nil); err != nil {
				t.Errorf("the image that is there: %v", err)
			}
		})
	}
}

func TestBuildWaitsForAnotherBuildAndStopsWithItsContext(t *testing.T) {
	buildable(t)
	s := newStore(t)
	held, err := lock.Try(filepath.Join(s.dir, ".build.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Release() }()
	reason := errors.New("ctrl-c")
	ctx, cancel := context.WithCancelCause(t.Context())
	got := make(chan error)
	go func() {
		_, err := s.Build(ctx, BuildOptions{Lock: exampleLock()})
		got <- err
	}()
	cancel(reason)
	if err := <-got; !errors.Is(err, reason) {
		t.Errorf("error is %v, want the cause of the context", err)
	}
}

func TestThereIsOneKernel(t *testing.T) {
	for name, c := range map[string]struct {
		kernels []string
		version string
	}{
		"none": {nil, ""},
		"one":  {[]string{"vmlinuz-6.12.1-cloud-amd64", "config-6.12.1-cloud-amd64"}, "6.12.1-cloud-amd64"},
		"two":  {[]string{"vmlinuz-6.12.1-cloud-amd64", "vmlinuz-6.12.2-cloud-amd64"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "root [of] *")
			put(t, filepath.Join(root, "etc/hostname"), "")
			for _, file := range c.kernels {
				put(t, filepath.Join(root, "boot", file), "kernel")
			}
			file, version, err := findKernel(root)
			if version != c.version || (err == nil) != (c.version != "") {
				t.Fatalf("found %q, version %q, %v", file, version, err)
			}
			if err == nil && read(t, file) != "kernel" {
				t.Errorf("%s is not the kernel", file)
			}
		})
	}
}

func TestManyMovesAreCutShort(t *testing.T) {
	var moves []Move
	for range 12 {
		moves = append(moves, Move{Name: "a", Locked: "1", Now: "2"})
	}
	for n, want := range map[int]string{
		0: "", 1: "a 1 → 2", 5: strings.Repeat("a 1 → 2, ", 4) + "a 1 → 2", 12: strings.Repeat("a 1 → 2, ", 5) + "and 7 more",
	} {
		if got := joinMoves(moves[:n]); got != want {
			t.Errorf("%d moves: %q, want %q", n, got, want)
		}
	}
}
