package growth_test

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"holm/guest/growth"
)

// disk is an ext4 as the guest makes it, mounted, on a loop device of 64 MiB.
func disk(t *testing.T) (file, device, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out: a file system of its own, which needs root")
	}
	if !mayResize(t) {
		t.Skip("left out: growing a mounted file system, which needs CAP_SYS_RESOURCE; root has none of it here")
	}
	file, dir = filepath.Join(t.TempDir(), "disk"), t.TempDir()
	truncate(t, file, 64<<20)
	device = strings.TrimSpace(output(t, "losetup", "--find", "--show", file))
	t.Cleanup(func() { output(t, "losetup", "--detach", device) })
	output(t, "mke2fs", "-q", "-t", "ext4", "-m", "1", "-G", "256", "-O", "^resize_inode", "-E", "lazy_itable_init=1,nodiscard", device)
	output(t, "mount", device, dir)
	t.Cleanup(func() {
		output(t, "umount", dir)
		output(t, "e2fsck", "-fn", device)
	})
	return file, device, dir
}

// mayResize tells whether this process has the capability that the kernel asks for.
func mayResize(t *testing.T) bool {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		t.Fatal(err)
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

func truncate(t *testing.T, file string, size int64) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(content)
}

func TestAMountedFileSystemGrowsToItsDiskAndKeepsWhatIsInIt(t *testing.T) {
	file, device, dir := disk(t)
	kept := filepath.Join(dir, "kept")
	random, err := os.Open("/dev/urandom")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = random.Close() }()
	content, err := io.ReadAll(io.LimitReader(random, 8<<20))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, content, 0o600); err != nil {
		t.Fatal(err)
	}
	before := sum(t, kept)
	same, err := growth.Grow("", dir)
	if err != nil || same.Before != same.After {
		t.Fatalf("a file system that fits became %+v, %v", same, err)
	}
	for _, size := range []int64{256 << 20, 3 << 30} {
		truncate(t, file, size)
		output(t, "losetup", "--set-capacity", device)
		if err := growth.Await(t.Context(), "", dir, uint64(size)); err != nil {
			t.Fatal(err)
		}
		grown, err := growth.Grow("", dir)
		if err != nil {
			t.Fatal(err)
		}
		if grown.After < uint64(size)*9/10 || grown.After <= grown.Before {
			t.Errorf("on %d bytes it has %+v", size, grown)
		}
		if sum(t, kept) != before {
			t.Error("what was in it is not what it was")
		}
	}
}

func TestADiskThatDoesNotGrowIsSaid(t *testing.T) {
	_, _, dir := disk(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := growth.Await(ctx, "", dir, 1<<40)
	if err == nil || !strings.Contains(err.Error(), "has 67108864 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNotExt4IsLeftAlone(t *testing.T) {
	if _, err := growth.Grow("", "/proc"); err == nil || !strings.Contains(err.Error(), "not ext4") {
		t.Errorf("got %v", err)
	}
}
