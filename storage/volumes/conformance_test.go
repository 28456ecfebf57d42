package volumes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"holm/internal/run"
	"holm/storage/volumes"
	"holm/storage/volumes/volumestest"
)

func TestQcow2InAFolderConforms(t *testing.T) {
	volumestest.Conformance(t, func(t *testing.T) volumestest.Place {
		dir := filepath.Join(t.TempDir(), "holm")
		p := folderPlace(open(t, volumes.Qcow2, dir), dir)
		p.NoFill = "filling the file system of everybody's temporary files"
		return p
	})
}

func TestQcow2InTheStateDirectoryConforms(t *testing.T) {
	volumestest.Conformance(t, func(t *testing.T) volumestest.Place {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,size=64m,nr_inodes=512"); err != nil {
			t.Skipf("left out: a file system of its own, which needs root: %v", err)
		}
		t.Cleanup(func() { unmount(t, dir) })
		for _, id := range []string{volumestest.A, volumestest.B, volumestest.C} {
			if err := os.MkdirAll(filepath.Join(dir, "instances", id), 0o711); err != nil {
				t.Fatal(err)
			}
		}
		p := folderPlace(volumes.OpenState(dir), dir)
		p.Fill = func(t *testing.T) { fill(t, dir) }
		return p
	})
}

// Qcow2 files share blocks where the file system can.
func TestQcow2OnXFSConforms(t *testing.T)     { conformsOn(t, volumes.Qcow2, "xfs") }
func TestReflinkOnXFSConforms(t *testing.T)   { conformsOn(t, volumes.Reflink, "xfs") }
func TestReflinkOnBtrfsConforms(t *testing.T) { conformsOn(t, volumes.Reflink, "btrfs") }

func TestThinVolumesConform(t *testing.T) {
	pool := os.Getenv("HOLM_TEST_THIN")
	if pool == "" {
		t.Skip("left out: HOLM_TEST_THIN=VG/POOL names no thin pool of LVM that may be written to")
	}
	volumestest.Conformance(t, func(t *testing.T) volumestest.Place { return thinPlace(t, pool) })
}

func TestVolumesOnBtrfsGoThroughThePageCacheAndOthersDoNot(t *testing.T) {
	for kind, want := range map[string]bool{"btrfs": true, "xfs": false} {
		backend, err := volumes.Open(volumes.Qcow2, mounted(t, kind))
		if err != nil {
			t.Fatal(err)
		}
		if got := backend.Disk("0123456789ab").Buffered; got != want {
			t.Errorf("%s: buffered is %v, want %v", kind, got, want)
		}
	}
}

func TestWhereBlocksCannotBeSharedReflinkIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,size=1m"); err != nil {
		t.Skipf("left out: a file system of its own, which needs root: %v", err)
	}
	t.Cleanup(func() { unmount(t, dir) })
	place := filepath.Join(dir, "holm")
	err := open(t, volumes.Reflink, place).Prepare(t.Context())
	if want := place + " is on tmpfs, which cannot share blocks between files"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	wantNames(t, place)
}

func conformsOn(t *testing.T, kind, fsType string) {
	t.Helper()
	volumestest.Conformance(t, func(t *testing.T) volumestest.Place {
		mnt := mounted(t, fsType)
		dir := filepath.Join(mnt, "holm")
		p := folderPlace(open(t, kind, dir), dir)
		p.Free = func(t *testing.T) int64 { return free(t, mnt) }
		p.Fill = func(t *testing.T) { fill(t, dir) }
		return p
	})
}

// folderPlace is what a test does to a folder with volumes.
func folderPlace(b volumes.Backend, dir string) volumestest.Place {
	return volumestest.Place{
		Backend: b,
		Leave: func(t *testing.T, id string) {
			path := b.Disk(id).Path
			left := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new-ABCDEF")
			if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		Names: func(t *testing.T) []string { return files(t, dir) },
		Plant: func(t *testing.T, id, victim string) {
			if err := os.Symlink(victim, b.Disk(id).Path); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// mounted makes a small file system in a file.
func mounted(t *testing.T, fsType string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out: mounting a file system needs root")
	}
	if _, err := run.Look("mkfs." + fsType); err != nil {
		t.Skipf("left out: %v", err)
	}
	dir := t.TempDir()
	image, mnt := filepath.Join(dir, "image"), filepath.Join(dir, "mnt")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 320<<20))
	must(t, os.Mkdir(mnt, 0o711))
	if _, err := run.Command(t.Context(), "mkfs."+fsType, "-q", image); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Command(t.Context(), "mount", "-o", "loop", "-t", fsType, image, mnt); err != nil {
		t.Skipf("left out: this machine cannot mount %s from a file: %v", fsType, err)
	}
	t.Cleanup(func() { unmount(t, mnt) })
	return mnt
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Unmount(dir, 0); err != nil {
		t.Error(err)
	}
}

func free(t *testing.T, dir string) int64 {
	t.Helper()
	d, err := os.Open(dir)
	must(t, err)
	defer func() { _ = d.Close() }()
	must(t, unix.Syncfs(int(d.Fd())))
	var s unix.Statfs_t
	must(t, unix.Statfs(dir, &s))
	return int64(s.Bavail) * s.Bsize
}

// fill takes the space for data first, and then that for names and what is small.
func fill(t *testing.T, dir string) {
	t.Helper()
	n := 0
	for _, size := range []int{32 << 20, 1 << 20, 64 << 10, 4 << 10, 2 << 10, 0} {
		content := make([]byte, size)
		for err := error(nil); !errors.Is(err, syscall.ENOSPC); n++ {
			must(t, err)
			err = os.WriteFile(filepath.Join(dir, volumestest.Filler(n)), content, 0o600)
		}
	}
}

// thinPlace is what a test does to a thin pool, which it leaves as it was.
func thinPlace(t *testing.T, pool string) volumestest.Place {
	t.Helper()
	group, _, _ := strings.Cut(pool, "/")
	b := open(t, volumes.LVMThin, pool)
	lvm := func(t *testing.T, name string, args ...string) string {
		t.Helper()
		out, err := run.Command(t.Context(), name, args...)
		must(t, err)
		return string(out)
	}
	names := func(t *testing.T) []string {
		return strings.Fields(lvm(t, "lvs", "--noheadings", "--options", "lv_name", group))
	}
	before := names(t)
	t.Cleanup(func() {
		for name := range strings.FieldsSeq(output(t, "lvs", "--noheadings", "--options", "lv_name", group)) {
			if !slices.Contains(before, name) {
				output(t, "lvremove", "--force", "--yes", "--quiet", group+"/"+name)
			}
		}
	})
	return volumestest.Place{
		Backend: b,
		// An lvcreate that is killed between its two halves leaves a volume that is not switched on.
		Leave: func(t *testing.T, id string) {
			lvm(t, "lvcreate", "--yes", "--quiet", "--type", "thin", "--virtualsize", "1g", "--name", "holm-"+id, "--addtag", "holm", "--activate", "n", pool)
		},
		Names: names,
		Plant: func(t *testing.T, id, _ string) {
			lvm(t, "lvcreate", "--yes", "--quiet", "--type", "thin", "--virtualsize", "1g", "--name", "holm-"+id, pool)
		},
		Free: func(t *testing.T) int64 {
			words := strings.Fields(lvm(t, "lvs", "--noheadings", "--units", "b", "--nosuffix", "--options", "lv_size,data_percent", pool))
			if len(words) != 2 {
				t.Fatalf("lvs says %q", words)
			}
			size, err := strconv.ParseInt(words[0], 10, 64)
			must(t, err)
			percent, err := strconv.ParseFloat(words[1], 64)
			must(t, err)
			return size - int64(float64(size)*percent/100)
		},
		NoFill: "a thin pool that is full blocks all that write to it for a minute; thin_test.go plays one",
	}
}

// output is for cleaning up, when the test's context has ended.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := run.Command(context.Background(), name, args...)
	if err != nil {
		t.Error(fmt.Errorf("clean up: %w", err))
	}
	return string(out)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
