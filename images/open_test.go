package images

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"holm/images/rootfs"
)

// mountedStrictly is a folder on a file system that a hardened host has mounted.
func mountedStrictly(t *testing.T, flags uintptr) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, "size=16m"); err != nil {
		t.Skipf("left out: only root mounts: %v", err)
	}
	t.Cleanup(func() {
		if err := rootfs.UnmountBelow(dir); err != nil {
			t.Error(err)
		}
	})
	scratch := filepath.Join(dir, "build")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	return scratch
}

// runs tells whether a program, a device and a setuid bit work in a folder.
func runs(t *testing.T, dir string) bool {
	t.Helper()
	content, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	program, null := filepath.Join(dir, "true"), filepath.Join(dir, "null")
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(null)
	if err := unix.Mknod(null, unix.S_IFCHR|0o600, 1<<8|3); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(null)
	if err == nil {
		_ = f.Close()
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		t.Fatal(err)
	}
	return err == nil && exec.CommandContext(t.Context(), program).Run() == nil && stat.Flags&unix.ST_NOSUID == 0
}

func TestABuildRunsProgramsWhereAHardenedHostLetsNobody(t *testing.T) {
	for name, flags := range map[string]uintptr{
		"a plain mount":           0,
		"nodev, noexec, nosuid":   unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOSUID,
		"noexec":                  unix.MS_NOEXEC,
		"nodev":                   unix.MS_NODEV,
		"nosuid, and strict time": unix.MS_NOSUID | unix.MS_STRICTATIME,
	} {
		t.Run(name, func(t *testing.T) {
			dir := mountedStrictly(t, flags)
			if got := runs(t, dir); got != (flags == 0) {
				t.Fatalf("before, programs run: %v", got)
			}
			undo, err := openMount(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !runs(t, dir) {
				t.Error("programs do not run")
			}
			if runs(t, filepath.Dir(dir)) != (flags == 0) {
				t.Error("the rest of the file system is another one now")
			}
			if err := undo(); err != nil {
				t.Fatal(err)
			}
			if got := runs(t, dir); got != (flags == 0) {
				t.Errorf("after, programs run: %v", got)
			}
			if err := os.Rename(filepath.Join(dir, "true"), filepath.Join(filepath.Dir(dir), "moved")); err != nil {
				t.Errorf("what was built cannot be published: %v", err)
			}
		})
	}
}
