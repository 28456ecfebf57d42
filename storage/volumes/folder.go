package volumes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/internal/atomicfile"
	"holm/internal/trusted"
)

// folder is a backend whose volumes are files. What is done inside of it goes through an os.Root: a link that leads out
// is not followed, wherever in the path it was planted.
type folder struct {
	dir    string
	own    bool // each volume lies in the folder of its instance, which is made by whoever makes the instance
	format format
	remedy string // of a full disk
}

// Prepare implements Backend.
func (f folder) Prepare(ctx context.Context) error {
	if err := checkPath(f.dir); err != nil {
		return err
	}
	// Whoever can change the way to the folder, or has made it beforehand, could have root write elsewhere.
	if err := trusted.Dir(f.dir); err != nil {
		return err
	}
	const passable = 0o711 // QEMU, which is not root, passes through; nobody lists
	switch err := os.Mkdir(f.dir, passable); {
	case err == nil:
		if err := os.Chmod(f.dir, passable); err != nil {
			return fmt.Errorf("prepare %s for volumes: %w", f.dir, err)
		}
		if err := atomicfile.SyncDir(filepath.Dir(f.dir)); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrNotExist):
		return missing(f.dir)
	case !errors.Is(err, fs.ErrExist):
		return f.full(fmt.Errorf("prepare %s for volumes: %w", f.dir, err))
	}
	root, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return f.full(f.format.prove(ctx, root))
}

// Create implements Backend.
func (f folder) Create(ctx context.Context, id string, gib int, key []byte) error {
	if err := errors.Join(checkID(id), checkSize(gib)); err != nil {
		return err
	}
	return f.publish(ctx, id, func(_ *os.Root, file *os.File) error {
		return f.format.blank(ctx, file, gib, key)
	})
}

// Clone implements Backend.
func (f folder) Clone(ctx context.Context, from, id string) error {
	if err := checkID(from, id); err != nil {
		return err
	}
	return f.publish(ctx, id, func(root *os.Root, file *os.File) error {
		origin, err := regular(root, f.name(from))
		if err != nil {
			return err
		}
		defer func() { _ = origin.Close() }()
		return f.format.copy(ctx, file, origin)
	})
}

// publish makes a volume under a name of its own, and gives it the real one when it is complete: programs truncate what
// they are given and know no "only if missing", while a link fails when the name is taken.
func (f folder) publish(ctx context.Context, id string, fill func(root *os.Root, file *os.File) error) (err error) {
	root, err := f.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	name := f.name(id)
	if _, err := root.Lstat(name); err == nil {
		return existing(f.path(name))
	}
	temporary := unfinished(name) + rand.Text()
	file, err := root.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f.full(fmt.Errorf("create volume %s: %w", f.path(name), err))
	}
	defer func() {
		_ = file.Close()
		if gone := root.Remove(temporary); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("create volume: %w", gone))
		}
	}()
	err = fill(root, file)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return f.full(wrap(err, "create volume "+f.path(name)))
	}
	if err := root.Link(temporary, name); errors.Is(err, fs.ErrExist) {
		return existing(f.path(name))
	} else if err != nil {
		return f.full(fmt.Errorf("create volume: %w", err))
	}
	return atomicfile.SyncDir(filepath.Dir(f.path(name)))
}

// Remove implements Backend. A link that was planted is removed, and not what it leads to.
func (f folder) Remove(_ context.Context, id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	root, err := f.open()
	if err != nil {
		if f.own && errors.Is(err, fs.ErrNotExist) {
			return nil // a state directory that nobody made holds nothing
		}
		return err
	}
	defer func() { _ = root.Close() }()
	name := f.name(id)
	names, err := list(root, filepath.Dir(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove volume %s: %w", f.path(name), err)
	}
	var errs []error
	removed := false
	for _, found := range names {
		found = filepath.Join(filepath.Dir(name), found)
		if found != name && !strings.HasPrefix(found, unfinished(name)) {
			continue
		}
		if err := root.Remove(found); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove volume: %w", err))
		}
		removed = true
	}
	if removed {
		errs = append(errs, atomicfile.SyncDir(filepath.Dir(f.path(name))))
	}
	return errors.Join(errs...)
}

// Wipe implements Backend. A link that was planted is no volume, and is left for Remove.
func (f folder) Wipe(_ context.Context, id string) error {
	return f.change(id, "wipe", func(file *os.File) error { return erase(file, f.format.kind) })
}

// Lend implements Backend.
func (f folder) Lend(_ context.Context, id string, key, once []byte) error {
	lent := false
	err := f.change(id, "open", func(file *os.File) error {
		lent = true
		return lend(file, f.format.kind, key, once)
	})
	if err == nil && !lent {
		err = fmt.Errorf("open volume %s: %w", id, fs.ErrNotExist)
	}
	return err
}

// Lent implements Backend.
func (f folder) Lent(_ context.Context, id string) (lent bool, err error) {
	err = f.change(id, "look at", func(file *os.File) error {
		lent, err = lentIn(file, f.format.kind)
		return err
	})
	return lent, err
}

// Revoke implements Backend.
func (f folder) Revoke(_ context.Context, id string) error {
	return f.change(id, "lock", func(file *os.File) error { return revoke(file, f.format.kind) })
}

// change does something to the file of a volume, if there is one.
func (f folder) change(id, doing string, do func(*os.File) error) error {
	if err := checkID(id); err != nil {
		return err
	}
	root, err := f.open()
	if err != nil {
		if f.own && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer func() { _ = root.Close() }()
	name := f.name(id)
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s volume: %w", doing, err)
	}
	file, err := root.OpenFile(name, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("%s volume: %w", doing, err)
	}
	defer func() { _ = file.Close() }()
	if after, err := file.Stat(); err != nil || !os.SameFile(info, after) {
		return fmt.Errorf("%s volume %s: it is another file by now", doing, f.path(name))
	}
	if err := do(file); err != nil {
		return wrap(err, doing+" volume "+f.path(name))
	}
	return nil
}

// Usage implements Backend.
func (f folder) Usage(_ context.Context, id string) (Usage, error) {
	if err := checkID(id); err != nil {
		return Usage{}, err
	}
	root, err := f.open()
	if err != nil {
		return Usage{}, err
	}
	defer func() { _ = root.Close() }()
	file, err := regular(root, f.name(id))
	if err != nil {
		return Usage{}, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return Usage{}, err
	}
	virtual, err := f.format.size(file)
	if err != nil {
		return Usage{}, err
	}
	const block = 512 // the unit of st_blocks, whatever the file system's own is
	used := Usage{VirtualBytes: virtual}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		used.AllocatedBytes = stat.Blocks * block
	}
	return used, nil
}

// Grow implements Backend.
func (f folder) Grow(ctx context.Context, id string, gib int, keyed bool) error {
	if err := errors.Join(checkID(id), checkSize(gib)); err != nil {
		return err
	}
	used, err := f.Usage(ctx, id) // and so a volume, and no link
	if err != nil {
		return err
	}
	switch have, want := used.VirtualBytes, int64(gib)<<30; {
	case want < have:
		return shrinking(id, have, gib)
	case want == have:
		return nil
	}
	return f.full(f.change(id, "grow", func(file *os.File) error { return resize(file, f.format.kind, gib, keyed) }))
}

// Disk implements Backend.
func (f folder) Disk(id string) Disk {
	return Disk{Path: f.path(f.name(id)), Format: f.format.kind, Buffered: f.checksums()}
}

// checksums tells whether the file system keeps checksums of what is in its files.
func (f folder) checksums() bool {
	var s unix.Statfs_t
	return unix.Statfs(f.dir, &s) == nil && s.Type == unix.BTRFS_SUPER_MAGIC
}

// List implements Backend.
func (f folder) List(context.Context) ([]string, error) {
	root, err := f.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	top, suffix := ".", f.format.suffix
	if f.own {
		top, suffix = "instances", ""
	}
	names, err := list(root, top)
	if err != nil {
		return nil, fmt.Errorf("list the volumes in %s: %w", f.dir, err)
	}
	var ids []string
	for _, name := range names {
		id, ok := strings.CutSuffix(name, suffix)
		if !ok || checkID(id) != nil {
			continue
		}
		if info, err := root.Lstat(f.name(id)); err == nil && info.Mode().IsRegular() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// name is where a volume lies in the folder.
func (f folder) name(id string) string {
	if f.own {
		return filepath.Join("instances", id, "state"+f.format.suffix)
	}
	return id + f.format.suffix
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) open() (*os.Root, error) {
	if err := checkPath(f.dir); err != nil {
		return nil, err
	}
	if err := trusted.Dir(f.dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if f.own {
			return nil, fmt.Errorf("the state directory: %w", err)
		}
		// Not fs.ErrNotExist: a pool that is not mounted must not look like a volume that is gone.
		return nil, missing(f.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open the folder of volumes: %w", err)
	}
	return root, nil
}

// regular opens a file to read it, and only a file: no link, no pipe that would block.
func regular(root *os.Root, name string) (*os.File, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("volume: %w", err)
	}
	if before.Mode().IsRegular() {
		file, err := root.Open(name)
		if err != nil {
			return nil, fmt.Errorf("volume: %w", err)
		}
		if after, err := file.Stat(); err == nil && os.SameFile(before, after) {
			return file, nil
		}
		_ = file.Close()
	}
	return nil, fmt.Errorf("volume %s is not a file", filepath.Join(root.Name(), name))
}

func list(root *os.Root, name string) ([]string, error) {
	dir, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	return dir.Readdirnames(-1)
}

// unfinished is how the names begin that a volume has until it is complete.
func unfinished(name string) string {
	return filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new-")
}
