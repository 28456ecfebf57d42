package records

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	bolt "go.etcd.io/bbolt"

	"holm/internal/atomicfile"
	"holm/internal/lock"
	"holm/internal/trusted"
)

// dirMode lets QEMU's user through to the files in it that are its own; nobody else can list it, and the database
// itself is 0600.
const dirMode = 0o711

// ensure makes the file when it is missing. Laying out a database is the one moment at which a crash could leave a
// part of one, so that is done beside, and the name given at the end.
func (b *Bolt) ensure(ctx context.Context) error {
	if err := trusted.Dir(filepath.Dir(b.path)); err != nil {
		return err
	}
	if _, err := os.Stat(b.path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return b.explain(err)
	}
	if err := makeDir(filepath.Dir(b.path)); err != nil {
		return b.explain(err)
	}
	waiting, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	making, err := lock.Acquire(waiting, b.path+".lock")
	switch {
	case errors.Is(err, lock.ErrHeld) && ctx.Err() == nil:
		return fmt.Errorf("%s: %w", b.path, ErrBusy)
	case err != nil:
		return b.explain(err)
	}
	defer func() { _ = making.Release() }()
	if _, err := os.Stat(b.path); err == nil {
		return nil // somebody else was faster
	}
	if err := b.create(); err != nil {
		return b.explain(err)
	}
	return nil
}

// create is only called under the lock: what it finds beside was left by a process that died.
func (b *Bolt) create() (err error) {
	beside := b.path + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(beside)
		}
	}()
	db, err := bolt.Open(beside, 0o600, &bolt.Options{
		FreelistType: bolt.FreelistMapType,
		OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
			b.crash("create.empty")
			return os.OpenFile(path, flag|os.O_EXCL|syscall.O_NOFOLLOW, mode)
		},
	})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(layOut), db.Sync(), db.Close()); err != nil {
		return err
	}
	b.crash("create.complete")
	if err := os.Rename(beside, b.path); err != nil {
		return err
	}
	b.crash("create.renamed")
	return atomicfile.SyncDir(filepath.Dir(b.path))
}

func layOut(tx *bolt.Tx) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(keySchema), []byte(strconv.Itoa(plainSchema)))
}

// makeDir makes the directory and its parents. Only what it makes gets its mode, and gets it whatever the umask is.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirMode); errors.Is(err, fs.ErrExist) {
		return nil // somebody else was faster
	} else if err != nil {
		return err
	}
	if err := os.Chmod(dir, dirMode); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(dir))
}
