package records_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// On a full disk nothing new is taken on, and what is there can be stopped and removed.
func TestAFullDiskStillTakesWhatMakesRoom(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a file system of one's own is root's")
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=24m,mode=0711"); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	store := records.Open(filepath.Join(dir, "holm.db"))
	ctx := t.Context()
	admit := func([]model.Instance, *model.Instance) error { return nil }
	inst := model.Instance{ID: "0123456789ab", Name: "web", Tenant: "default", State: model.Ready, Created: time.Now()}
	if _, err := store.Reserve(ctx, inst, model.Operation{ID: "0123456789ab", Instance: inst.ID, Kind: "create"}, admit); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(dir, "fill"))
	// There is no room for a copy of the database either.
	err := store.WholeAudit(ctx, func(log records.WholeLog) error {
		return log.Each(func(records.AuditEntry) error { return nil })
	})
	if err != nil {
		t.Errorf("the audit log is not verified: %v", err)
	}

	more := func(n int) error { // what is free in the file is used up first
		other := inst
		other.ID, other.Name = fmt.Sprintf("0123456789%02x", n), fmt.Sprintf("more%d", n)
		_, err := store.Reserve(ctx, other, model.Operation{ID: other.ID, Instance: other.ID, Kind: "create"}, admit)
		return err
	}
	var made int
	for err = nil; err == nil && made < 200; made++ {
		err = more(made)
	}
	if !errors.Is(err, syscall.ENOSPC) || fault.RemedyOf(err) == "" {
		t.Errorf("a new one: %v, want it refused for want of space, with a remedy", err)
	}
	if all, err := store.List(ctx, ""); err != nil || len(all) != made {
		t.Errorf("listed are %v (%v)", all, err)
	}
	if _, err := store.Update(ctx, inst.ID, func(i *model.Instance) error { i.State = model.Stopped; return nil }); err != nil {
		t.Errorf("it is not stopped: %v", err)
	}
	for range 50 {
		if err := store.PutOperation(ctx, model.Operation{ID: "0123456789ad", Instance: inst.ID, Kind: "destroy"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Drop(ctx, inst.ID); err != nil {
		t.Errorf("it is not removed: %v", err)
	}
	if tail, err := store.AuditTail(ctx, 1); err != nil {
		t.Error(err)
	} else if err := store.DropArchived(ctx, records.Mark{}, records.Mark{Seq: tail[0].Seq, Head: tail[0].Hash}, "elsewhere"); err != nil {
		t.Errorf("the audit log is not archived: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "fill")); err != nil {
		t.Fatal(err)
	}
	if err := more(made); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "holm.db.reserve")); err != nil {
		t.Errorf("nothing is set aside again: %v", err)
	}
}

// fill leaves not a byte of a file system.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
