package volumes_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/volumes"
)

// needQEMU leaves the test out, and says why, where the program is missing that the package stands on.
func needQEMU(t *testing.T) {
	t.Helper()
	if _, err := run.Look("qemu-img"); err != nil {
		t.Skipf("%v: %s", err, fault.RemedyOf(err))
	}
}

func TestCreateMakesAnEmptyPrivateQcow2(t *testing.T) {
	needQEMU(t)
	path := filepath.Join(t.TempDir(), "state.qcow2")
	if err := volumes.Create(t.Context(), path, 20); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, want 0600", info.Mode().Perm())
	}
	out, err := run.Command(t.Context(), "qemu-img", "info", "--output=json", path)
	if err != nil {
		t.Fatal(err)
	}
	type data struct {
		LazyRefcounts bool `json:"lazy-refcounts"`
		Corrupt       bool `json:"corrupt"`
	}
	type described struct {
		Format   string `json:"format"`
		Size     int64  `json:"virtual-size"`
		Specific struct {
			Data data `json:"data"`
		} `json:"format-specific"`
	}
	var got described
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := described{Format: "qcow2", Size: 20 << 30}
	want.Specific.Data.LazyRefcounts = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("qemu-img info (-want +got):\n%s", diff)
	}
	allocated, err := volumes.Usage(path)
	if err != nil {
		t.Fatal(err)
	}
	if allocated <= 0 || allocated > 1<<20 {
		t.Errorf("an empty volume takes %d bytes, want some, at most 1 MiB", allocated)
	}
	wantNames(t, filepath.Dir(path), "state.qcow2")
}

func TestCreateNeverOverwrites(t *testing.T) {
	for name, occupy := range map[string]func(path string) error{
		"a file":           func(path string) error { return os.WriteFile(path, []byte("precious"), 0o600) },
		"a dangling link":  func(path string) error { return os.Symlink("nowhere", path) },
		"an empty file":    func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a directory even": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.qcow2")
			if err := occupy(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			err = volumes.Create(t.Context(), path, 1)
			if !errors.Is(err, fs.ErrExist) || fault.KindOf(err) != fault.Exists {
				t.Fatalf("error is %v, want fs.ErrExist", err)
			}
			after, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if !os.SameFile(before, after) || before.Size() != after.Size() {
				t.Error("what was there has changed")
			}
			wantNames(t, filepath.Dir(path), "state.qcow2")
		})
	}
}

func TestOfManyCreatesAtOnceOneWins(t *testing.T) {
	needQEMU(t)
	path := filepath.Join(t.TempDir(), "state.qcow2")
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			switch err := volumes.Create(t.Context(), path, 1); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
	if _, err := run.Command(t.Context(), "qemu-img", "check", "-q", path); err != nil {
		t.Error(err)
	}
	wantNames(t, filepath.Dir(path), "state.qcow2")
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		path string
		gib  int
		want string
	}{
		"no size":           {filepath.Join(dir, "v"), 0, "a volume of 0 GiB is not possible: 1 to 65536 GiB are"},
		"a negative size":   {filepath.Join(dir, "v"), -1, "a volume of -1 GiB is not possible: 1 to 65536 GiB are"},
		"an absurd size":    {filepath.Join(dir, "v"), 65537, "a volume of 65537 GiB is not possible: 1 to 65536 GiB are"},
		"a relative path":   {"v", 1, `volume path "v" is not an absolute, clean path of a file`},
		"an option":         {"-o", 1, `volume path "-o" is not an absolute, clean path of a file`},
		"a protocol":        {"nbd:host:1", 1, `volume path "nbd:host:1" is not an absolute, clean path of a file`},
		"a way up":          {dir + "/../v", 1, `volume path "` + dir + `/../v" is not an absolute, clean path of a file`},
		"the root":          {"/", 1, `volume path "/" is not an absolute, clean path of a file`},
		"no path":           {"", 1, `volume path "" is not an absolute, clean path of a file`},
		"a newline in path": {"v\n", 1, `volume path "v\n" is not an absolute, clean path of a file`},
	} {
		t.Run(name, func(t *testing.T) {
			err := volumes.Create(t.Context(), tc.path, tc.gib)
			if err == nil || err.Error() != tc.want {
				t.Fatalf("error is %v, want %s", err, tc.want)
			}
			wantNames(t, dir)
		})
	}
}

func TestCreateTakesHostileNamesLiterally(t *testing.T) {
	needQEMU(t)
	for _, name := range []string{"-o", "a,size=1", "nbd:x", "json:{}", "sp ace", "new\nline", "*"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := volumes.Create(t.Context(), filepath.Join(dir, name), 1); err != nil {
				t.Fatal(err)
			}
			wantNames(t, dir, name)
			if err := volumes.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			wantNames(t, dir)
		})
	}
}

func TestCreateThatFailsLeavesNothing(t *testing.T) {
	needQEMU(t)
	t.Run("an ended context", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := volumes.Create(ctx, filepath.Join(dir, "v"), 1); !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v, want context.Canceled", err)
		}
		wantNames(t, dir)
	})
	t.Run("a missing directory", func(t *testing.T) {
		err := volumes.Create(t.Context(), filepath.Join(t.TempDir(), "none", "v"), 1)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("error is %v, want fs.ErrNotExist", err)
		}
	})
	t.Run("a full disk", func(t *testing.T) {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
			t.Skipf("a full disk needs a file system of its own, which needs root: %v", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
		err := volumes.Create(t.Context(), filepath.Join(dir, "v"), 1)
		if want := "no space left in " + dir + " for a volume"; err == nil || err.Error() != want {
			t.Fatalf("error is %v, want %s", err, want)
		}
		if fault.RemedyOf(err) == "" {
			t.Error("the error has no remedy")
		}
		wantNames(t, dir)
	})
}

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.qcow2")
	for _, name := range []string{"state.qcow2", ".state.qcow2.new-123", "state.qcow2.mine", "seed.iso"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to remove
		if err := volumes.Remove(path); err != nil {
			t.Fatal(err)
		}
		wantNames(t, dir, "seed.iso", "state.qcow2.mine")
	}
	if err := volumes.Remove(filepath.Join(dir, "none", "v")); err != nil {
		t.Errorf("in a missing directory: %v", err)
	}
	if err := volumes.Remove("relative"); err == nil {
		t.Error("a relative path was accepted")
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	if _, err := volumes.Usage(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a missing one: %v, want fs.ErrNotExist", err)
	}
	if _, err := volumes.Usage(dir); err == nil {
		t.Error("of a directory: no error")
	}
	sparse := filepath.Join(dir, "sparse")
	if err := os.WriteFile(sparse, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sparse, 1<<30); err != nil {
		t.Fatal(err)
	}
	got, err := volumes.Usage(sparse)
	if err != nil || got != 0 {
		t.Errorf("of 1 GiB that nobody wrote: %d, %v, want 0", got, err)
	}
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files in %s (-want +got):\n%s", dir, diff)
	}
}
