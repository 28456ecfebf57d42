package arrays

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/storage/mounts"
)

// config is where mdadm is told of arrays, so that one has its name at each boot.
const config = "/etc/mdadm/mdadm.conf"

// undoWithin is how long taking everything back may take.
const undoWithin = 2 * time.Minute

// undo takes one step back.
type undo func(ctx context.Context) error

// work is a plan on its way.
type work struct {
	Builder
	Plan
	fsUUID, arrayUUID string
	undos             []undo
}

// Make does what the plan says. progress is told of each step before it is made. When a step fails, or ctx ends, all of
// them are taken back; what could not be is a fault of kind Leftover. Drives that are not what they were when the plan
// was made are refused before anything is done: mdadm is told to ask nothing, and a person may have taken long to agree.
func (b Builder) Make(ctx context.Context, p Plan, progress func(step string)) error {
	if err := b.unchanged(ctx, p); err != nil {
		return err
	}
	w := &work{Builder: b, Plan: p}
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{p.create().what, w.array}, {p.format().what, w.fileSystem}, {"tell mdadm of it", w.configure}, {"mount it at " + p.Mount, w.mount},
	} {
		progress(s.what)
		err := context.Cause(ctx)
		if err == nil {
			err = s.do(ctx)
		}
		if err != nil {
			return w.takeBack(ctx, fmt.Errorf("%s: %w", s.what, err))
		}
	}
	return nil
}

func (w *work) takeBack(ctx context.Context, failed error) error {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	var left []error
	for _, u := range slices.Backward(w.undos) {
		if err := u(after); err != nil {
			left = append(left, err)
		}
	}
	if len(left) > 0 {
		return fault.New(fault.Leftover, "see what is left: cat /proc/mdstat; findmnt "+w.Mount,
			"%w; and it could not be taken back: %w", failed, errors.Join(left...))
	}
	if ctx.Err() != nil {
		return &fault.Error{Code: fault.Interrupted.Code(), What: "interrupted: the drives are as they were", Cause: failed}
	}
	return fault.New(fault.Failure, "taken back: the drives are as they were", "%w", failed)
}

func (w *work) array(ctx context.Context) error {
	w.undos = append(w.undos, func(ctx context.Context) error {
		if exists(w.path(w.Device())) {
			if _, err := w.run(ctx, "wipefs", "--all", "--quiet", w.Device()); err != nil {
				return err
			}
			if _, err := w.run(ctx, "mdadm", "--stop", "--quiet", w.Device()); err != nil {
				return err
			}
		}
		for _, name := range w.names() {
			if err := w.clear(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
	if _, err := w.run(ctx, w.create().args...); err != nil {
		return err
	}
	out, err := w.run(ctx, "mdadm", "--detail", "--export", w.Device())
	if err != nil {
		return err
	}
	w.arrayUUID, err = arrayUUID(out)
	return err
}

// arrayUUID finds the identity of an array in what "mdadm --detail --export" prints.
func arrayUUID(out []byte) (string, error) {
	for line := range strings.Lines(string(out)) {
		if uuid, ok := strings.CutPrefix(strings.TrimSpace(line), "MD_UUID="); ok && arrayUUIDForm.MatchString(uuid) {
			return uuid, nil
		}
	}
	return "", errors.New("mdadm does not say which array it has made")
}

var (
	arrayUUIDForm = regexp.MustCompile(`^[0-9a-f]{8}(:[0-9a-f]{8}){3}$`)
	fsUUIDForm    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// fileSystem needs no undo: it goes with the array.
func (w *work) fileSystem(ctx context.Context) error {
	if _, err := w.run(ctx, w.format().args...); err != nil {
		return err
	}
	out, err := w.run(ctx, "blkid", "-p", "-o", "value", "-s", "UUID", w.Device())
	if err != nil {
		return err
	}
	w.fsUUID = strings.TrimSpace(string(out))
	if !fsUUIDForm.MatchString(w.fsUUID) {
		return fmt.Errorf("the new file system has the UUID %.60q", w.fsUUID)
	}
	return nil
}

// configure adds a line to mdadm's configuration.
func (w *work) configure(context.Context) error {
	path := w.path(config)
	before, err := os.ReadFile(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		before = append(before, '\n')
	}
	if err := os.MkdirAll(w.path("/etc/mdadm"), 0o755); err != nil { //nolint:gosec // as Debian has it
		return err
	}
	w.undos = append(w.undos, func(context.Context) error {
		if missing {
			return removeIfThere(path)
		}
		return atomicfile.WriteBytes(path, 0o644, before)
	})
	line := fmt.Sprintf("ARRAY %s metadata=1.2 UUID=%s\n", w.Device(), w.arrayUUID)
	return atomicfile.WriteBytes(path, 0o644, append(slices.Clone(before), line...))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (w *work) mount(ctx context.Context) error {
	dir := w.path(w.Mount)
	if w.made {
		w.undos = append(w.undos, func(context.Context) error { return removeIfThere(dir) })
		if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // QEMU's user passes through
			return err
		}
	}
	m := mounts.Mount{What: "/dev/disk/by-uuid/" + w.fsUUID, Where: w.Mount, Type: w.FS, For: "Pool " + w.Name + " of holm"}
	systemd := w.systemd()
	if !systemd.Running() {
		m.What = w.Device() // nobody may have made the link
	}
	if err := systemd.Add(ctx, m); err != nil {
		return err
	}
	w.undos = append(w.undos, func(ctx context.Context) error { return systemd.Remove(ctx, m) })
	return nil
}
