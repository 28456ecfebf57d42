package provisioner_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

func TestOnAFullDiskInstancesAreSeenStoppedAndRemoved(t *testing.T) {
	small := smallDisk(t)
	w := newWorld(t)
	inst := w.created("web")
	other := web()
	other.Name = "other"
	if _, err := w.holm().Instances.Create(t.Context(), other, nil); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(small, "fill"))
	must(t, err)
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	must(t, f.Close())

	more := web()
	more.Name = "more"
	if _, err := w.holm().Instances.Create(t.Context(), more, nil); err == nil || fault.RemedyOf(err) == "" {
		t.Errorf("a new one: %v, want it refused, with a remedy", err)
	}
	rows, err := w.holm().Instances.List(t.Context(), "")
	if err != nil || len(rows) != 2 {
		t.Errorf("listed are %+v (%v)", rows, err)
	}
	if v, err := w.holm().Instances.Show(t.Context(), "default", "web"); err != nil || v.Status != "ready" {
		t.Errorf("it is shown as %+v (%v)", v.Status, err)
	}
	must(t, w.holm().Instances.Stop(t.Context(), "default", "web", false, nil))
	if got := w.record(); got.State != model.Stopped || w.state(inst) != hypervisor.Off {
		t.Errorf("its record says %s, and it is %s", got.State, w.state(inst))
	}
	must(t, w.holm().Instances.Remove(t.Context(), "default", "other", nil))
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
}

// smallDisk has the test's own folders on a file system that is soon full.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a file system of one's own is root's")
	}
	dir, err := os.MkdirTemp("", "holm-full-") //nolint:usetesting // the folders of the test itself are to lie in it
	must(t, err)
	t.Cleanup(func() {
		_ = unix.Unmount(dir, unix.MNT_DETACH)
		_ = os.Remove(dir)
	})
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64m,mode=0755"); err != nil {
		t.Skip(err)
	}
	t.Setenv("TMPDIR", dir)
	return dir
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
