package volumes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/internal/run"
	"holm/storage/luks"
)

// thinTag is what holm's logical volumes bear; one that does not is never removed or changed, whatever its name.
const thinTag = "holm"

// thin is a backend whose volumes are thin logical volumes. Everything is asked of LVM anew at each call: its own lock
// keeps two commands apart, and somebody else may be at work in the same volume group.
type thin struct {
	group, pool string
	dev         string // "/dev"
	run         func(ctx context.Context, name string, args ...string) ([]byte, error)
}

// thinPattern is what lvm(8) allows in names, without those that begin like an option.
var thinPattern = regexp.MustCompile(`^([A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126})/([A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126})$`)

func openThin(path string) (Backend, error) {
	names := thinPattern.FindStringSubmatch(path)
	if names == nil || slices.Contains(names, ".") || slices.Contains(names, "..") {
		return nil, fault.New(fault.Usage, "name it VG/POOL; see what there is: lvs", "%q is not the name of a thin pool", clip(path))
	}
	return thin{group: names[1], pool: names[2], dev: "/dev", run: run.Command}, nil
}

// Prepare implements Backend.
func (t thin) Prepare(ctx context.Context) error {
	pool, _, err := t.look(ctx)
	switch {
	case err != nil:
		return err
	case !pool.isPool():
		return fault.New(fault.Unfit, "see what there is: lvs "+t.group, "%s is not a thin pool", t)
	case !pool.zeroes():
		return fault.New(fault.Unfit, "lvchange --zero y "+t.String(),
			"the thin pool %s does not zero its blocks: a guest could read what another one has deleted", t)
	case !pool.active():
		return fault.New(fault.Unfit, "lvchange --activate y "+t.String(), "the thin pool %s is switched off", t)
	}
	return t.fitsHeader(pool)
}

// Create implements Backend.
func (t thin) Create(ctx context.Context, id string, gib int, key []byte) error {
	if err := errors.Join(checkID(id), checkSize(gib)); err != nil {
		return err
	}
	pool, all, err := t.look(ctx)
	if err != nil {
		return err
	}
	if key != nil {
		if err := t.fitsHeader(pool); err != nil {
			return err
		}
	}
	// A thin volume reads as zeros: there are no signatures to wipe, and a guest's would not be ours to ask about.
	err = t.make(ctx, pool, all, id, "--type", "thin", "--virtualsize", sizeFor(gib, key != nil), "--wipesignatures", "n", t.String())
	if key == nil || err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err == nil {
		if err := t.encrypt(id, key); err != nil {
			return errors.Join(err, t.Remove(context.WithoutCancel(ctx), id))
		}
		return nil
	}
	// Whoever made it may have died before it had its header.
	if _, busy := t.idle(ctx, id); busy == nil {
		if failed := t.encrypt(id, key); failed != nil {
			return failed
		}
	}
	return err
}

// Clone implements Backend.
func (t thin) Clone(ctx context.Context, from, id string) error {
	if err := checkID(from, id); err != nil {
		return err
	}
	pool, all, err := t.look(ctx)
	if err != nil {
		return err
	}
	if _, err := t.own(all, from); err != nil {
		return err
	}
	return t.make(ctx, pool, all, id, "--snapshot", t.group+"/"+volumeName(from))
}

func (t thin) make(ctx context.Context, pool logical, all map[string]logical, id string, how ...string) error {
	name := volumeName(id)
	if v, taken := all[name]; taken {
		return t.taken(ctx, v)
	}
	if pool.full() {
		return t.noSpace()
	}
	args := append([]string{"--yes", "--quiet", "--name", name, "--addtag", thinTag, "--activate", "y", "--setactivationskip", "n"}, how...)
	_, err := t.run(ctx, "lvcreate", args...)
	if err == nil {
		return nil
	}
	if said(err, "reached threshold", "free space", "No space left") {
		return t.noSpace()
	}
	if _, all, again := t.look(ctx); again == nil {
		if v, taken := all[name]; taken {
			return t.taken(ctx, v)
		}
	}
	return fmt.Errorf("create volume %s/%s: %w", t.group, name, err)
}

// taken switches a volume on that an lvcreate which was killed had made and no more; its content stays what it is.
func (t thin) taken(ctx context.Context, v logical) error {
	path := t.group + "/" + v.Name
	if v.ours(t.pool) && !v.active() {
		if _, err := t.run(ctx, "lvchange", "--yes", "--quiet", "--activate", "y", "--ignoreactivationskip", path); err != nil {
			return fmt.Errorf("switch volume %s on: %w", path, err)
		}
	}
	return existing(path)
}

// Remove implements Backend. The selection makes LVM look at the tag once more, under its own lock.
func (t thin) Remove(ctx context.Context, id string) error {
	v, err := t.idle(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	selection := "lv_tags={" + thinTag + "} && lv_name=" + v.Name + " && pool_lv=" + t.pool
	if _, err := t.run(ctx, "lvremove", "--force", "--yes", "--quiet", "--select", selection, t.group); err != nil {
		return fmt.Errorf("remove volume %s/%s: %w", t.group, v.Name, err)
	}
	return nil
}

// Wipe implements Backend. A pool that zeroes its blocks gives nobody what was in them; the drive is told that they are free.
func (t thin) Wipe(ctx context.Context, id string) error {
	v, err := t.idle(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.eraseHeader(id); err != nil {
		return err
	}
	if _, err := t.run(ctx, "blkdiscard", "--force", t.Disk(id).Path); err != nil {
		return fmt.Errorf("wipe volume %s/%s: %w", t.group, v.Name, err)
	}
	return nil
}

// Usage implements Backend. LVM knows what a volume takes to the hundredth of a percent.
func (t thin) Usage(ctx context.Context, id string) (Usage, error) {
	if err := checkID(id); err != nil {
		return Usage{}, err
	}
	_, all, err := t.look(ctx)
	if err != nil {
		return Usage{}, err
	}
	v, err := t.own(all, id)
	if err != nil {
		return Usage{}, err
	}
	used, err := v.usage()
	if err == nil && v.active() {
		var locked bool
		if locked, err = encrypted(t.Disk(id).Path, raw().kind); locked {
			used.VirtualBytes -= luks.HeaderBytes
		}
	}
	return used, err
}

// Grow implements Backend.
func (t thin) Grow(ctx context.Context, id string, gib int, keyed bool) error {
	if err := checkSize(gib); err != nil {
		return err
	}
	used, err := t.Usage(ctx, id)
	if err != nil {
		return err
	}
	switch have, want := used.VirtualBytes, int64(gib)<<30; {
	case want < have:
		return shrinking(id, have, gib)
	case want == have:
		return nil
	}
	path := t.group + "/" + volumeName(id)
	if locked, err := encrypted(t.Disk(id).Path, raw().kind); err != nil {
		return err
	} else if locked != keyed {
		return fmt.Errorf("grow volume %s: %w", path, errOtherKey)
	}
	if _, err := t.run(ctx, "lvextend", "--yes", "--quiet", "--size", sizeFor(gib, keyed), path); err != nil {
		return fmt.Errorf("grow volume %s: %w", path, err)
	}
	return nil
}

// Disk implements Backend.
func (t thin) Disk(id string) Disk {
	return Disk{Path: filepath.Join(t.dev, t.group, volumeName(id)), Format: raw().kind, Block: true}
}

// List implements Backend.
func (t thin) List(ctx context.Context) ([]string, error) {
	_, all, err := t.look(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for name, v := range all {
		if id, ok := strings.CutPrefix(name, volumePrefix); ok && checkID(id) == nil && v.ours(t.pool) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// own finds a volume that is holm's; one of that name that is not is an error that does not wrap fs.ErrNotExist.
func (t thin) own(all map[string]logical, id string) (logical, error) {
	path := t.group + "/" + volumeName(id)
	v, there := all[volumeName(id)]
	switch {
	case !there:
		return logical{}, fmt.Errorf("volume %s: %w", path, fs.ErrNotExist)
	case !v.ours(t.pool):
		return logical{}, fault.New(fault.Failure, "see what it is: lvs -o+lv_tags "+path,
			"the logical volume %s is not in pool %s with holm's tag: it is left alone", path, t.pool)
	}
	return v, nil
}

// idle finds a volume that is holm's and that no guest has open.
func (t thin) idle(ctx context.Context, id string) (logical, error) {
	if err := checkID(id); err != nil {
		return logical{}, err
	}
	_, all, err := t.look(ctx)
	if err != nil {
		return logical{}, err
	}
	v, err := t.own(all, id)
	if err == nil && v.open() {
		err = fault.New(fault.VolumeInUse, "stop the guest first", "volume %s/%s is open in a guest", t.group, v.Name).
			With(fault.Path("/dev/" + t.group + "/" + v.Name))
	}
	return v, err
}

func (t thin) noSpace() error { return noSpace("the thin pool "+t.String(), poolRemedy) }

func (t thin) String() string { return t.group + "/" + t.pool }

const volumePrefix = "holm-"

func volumeName(id string) string { return volumePrefix + id }
