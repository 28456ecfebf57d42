package provisioner_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/pools"
	drives "holm/storage/pools"
)

const uuidFast = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

// raid10 is a file system of 100 GiB on four NVMe drives, mounted at a path.
func raid10(path string) drives.Tree {
	array := drives.Device{Name: "md0", Kind: drives.Raid, Level: "raid10"}
	for _, name := range []string{"nvme0n1", "nvme1n1", "nvme2n1", "nvme3n1"} {
		array.Members = append(array.Members, drives.Device{Name: name, Kind: drives.Drive, Transport: "nvme", Role: "in_sync"})
	}
	return drives.Tree{Path: path, FSType: "xfs", FSUUID: uuidFast, CapacityBytes: 100 << 30, FreeBytes: 90 << 30, Top: array}
}

// look plays the machine under a pool.
func (w *world) look(pool model.Pool) (drives.Tree, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	tree, there := w.grounds[pool.Path]
	if !there {
		return tree, fault.New(fault.Usage, "mount a file system there", "%s is not a mount point", pool.Path)
	}
	return tree, nil
}

// mount puts a file system somewhere, and returns where.
func (w *world) mount(change func(t *drives.Tree)) string {
	w.t.Helper()
	path := filepath.Join(filepath.Dir(w.dir), "srv")
	must(w.t, os.MkdirAll(path, 0o755))
	tree := raid10(path)
	change(&tree)
	w.remount(tree)
	return path
}

// remount is another file system at the same place, or the same one in another state.
func (w *world) remount(tree drives.Tree) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.grounds == nil {
		w.grounds = map[string]drives.Tree{}
	}
	w.grounds[tree.Path] = tree
}

func whole(*drives.Tree) {}

// oneMissing is a drive that was pulled.
func oneMissing(t *drives.Tree) {
	t.Top.Missing, t.Top.Members = 1, t.Top.Members[:3]
}

// twoMissing is a mirror of which nothing is left.
func twoMissing(t *drives.Tree) {
	t.Top.Missing, t.Top.Members, t.Top.Broken = 2, t.Top.Members[:2], "the array is broken"
}

func small(t *drives.Tree) { t.CapacityBytes = 30 << 30 }

// fast is a world with a pool of that name.
func fast(t *testing.T, change func(t *drives.Tree)) (*world, string) {
	t.Helper()
	w := newWorld(t)
	path := w.mount(whole)
	_, err := w.holm().Pools.Add(t.Context(), pools.Spec{Name: "fast", Path: path, Require: "nvme,raid10"})
	must(t, err)
	w.mount(change)
	return w, path
}

func (w *world) pool() model.Pool {
	w.t.Helper()
	pool, err := w.records.Pool(w.t.Context(), "fast")
	must(w.t, err)
	return pool
}

// volume is where that of an instance lies in the pool.
func volume(path string, inst model.Instance) string {
	return filepath.Join(path, "holm", inst.ID+".qcow2")
}

func inFast() instances.Spec { return instances.Spec{Name: "web", Pool: "fast"} }

// boot is what the host mounts before it starts instances.
type boot struct {
	mu    sync.Mutex
	paths map[string]string
	// unordering is called before an order is taken back, outside of the lock.
	unordering func()
}

func (b *boot) Order(pool, path string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paths == nil {
		b.paths = map[string]string{}
	}
	b.paths[pool] = path
	return nil
}

func (b *boot) Unorder(pool string) error {
	if b.unordering != nil {
		b.unordering()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.paths, pool)
	return nil
}

// ask plays drives that say how they are; the third one is hot.
func (w *world) ask(tree *drives.Tree) {
	if len(tree.Top.Members) > 2 {
		tree.Top.Members[2].Health = &drives.Health{CriticalWarning: 2}
	}
}
