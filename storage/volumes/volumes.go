// Package volumes makes and removes the disks that outlive an instance's boots: its state volume, a qcow2 file that
// grows as the guest writes. The guest formats it; nothing here looks inside.
package volumes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/run"
)

// MaxGiB is the largest volume that Create makes, in GiB.
const MaxGiB = 64 << 10

// Create makes an empty qcow2 volume of that size in GiB with mode 0600. The file appears complete or not at all, and
// one that is there is never touched: the error then wraps fs.ErrExist, so that a step that is run again can tell that
// it was done. The path must be absolute and clean; its directory must exist.
func Create(ctx context.Context, path string, gib int) (err error) {
	if err := checkPath(path); err != nil {
		return err
	}
	if gib < 1 || gib > MaxGiB {
		return fault.New(fault.Usage, "ask for something in between", "a volume of %d GiB is not possible: 1 to %d GiB are", gib, MaxGiB)
	}
	if _, err := os.Lstat(path); err == nil {
		return existing(path)
	}
	// qemu-img truncates what it is given and knows no "only if missing": it gets a name of its own, and the link
	// below fails when the real one is taken.
	f, err := os.CreateTemp(filepath.Dir(path), temporary(path)+"*")
	if err != nil {
		return full(path, fmt.Errorf("create volume %s: %w", path, err))
	}
	defer func() {
		_ = f.Close()
		// qemu-img removes the file itself when it fails for lack of space.
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("create volume: %w", gone))
		}
	}()

	// Lazy reference counts spare the guest's flushes a metadata write each; QEMU repairs them after a crash.
	_, err = run.Command(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-o", "compat=1.1,lazy_refcounts=on,preallocation=off",
		f.Name(), strconv.Itoa(gib)+"G")
	if err != nil {
		return full(path, fmt.Errorf("create volume %s: %w", path, err))
	}
	if err := f.Sync(); err != nil {
		return full(path, fmt.Errorf("create volume %s: %w", path, err))
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return existing(path)
	} else if err != nil {
		return fmt.Errorf("create volume: %w", err)
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

// Remove deletes a volume and what a killed Create left of it. No error when there is nothing. It does not wipe.
func Remove(path string) error {
	if err := checkPath(path); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove volume %s: %w", path, err)
	}
	var errs []error
	for _, e := range entries {
		if e.Name() != filepath.Base(path) && !strings.HasPrefix(e.Name(), temporary(path)) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove volume: %w", err))
		}
	}
	return errors.Join(append(errs, atomicfile.SyncDir(dir))...)
}

// Usage returns what a volume takes on the host's disk now, in bytes. The error of a missing one wraps fs.ErrNotExist.
func Usage(path string) (allocated int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("volume: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return 0, fmt.Errorf("volume %s is not a file", path)
	}
	const block = 512 // the unit of st_blocks, whatever the file system's own is
	return stat.Blocks * block, nil
}

// temporary is how the names begin that a volume has until it is complete.
func temporary(path string) string { return "." + filepath.Base(path) + ".new-" }

// checkPath keeps out what qemu-img would take for an option ("-…") or a protocol ("nbd:…").
func checkPath(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path || filepath.Dir(path) == path {
		return fmt.Errorf("volume path %q is not an absolute, clean path of a file", path)
	}
	return nil
}

func existing(path string) error {
	return fault.New(fault.Exists, "", "volume %s: %w", path, fs.ErrExist)
}

// full turns the many ways to say that the disk is full into one that names the remedy.
func full(path string, err error) error {
	said := ""
	if failed, ok := errors.AsType[*run.Error](err); ok {
		said = failed.Stderr
	}
	if errors.Is(err, syscall.ENOSPC) || strings.Contains(said, syscall.ENOSPC.Error()) ||
		strings.Contains(said, "No space left on device") {
		return fault.New(fault.Failure, "free some space, or keep the state elsewhere: --state DIR",
			"no space left in %s for a volume", filepath.Dir(path))
	}
	return err
}
