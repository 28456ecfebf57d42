package records

import (
	"context"
	"errors"
	"os"
	"syscall"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// reserved is how much of the disk is kept for the day on which it is full, in bytes: what is removed is written down before it
// is gone, and a few hundred such notes have room in it.
const reserved = 4 << 20

// reservePath is a file beside the database that holds nothing but its place.
func (b *Bolt) reservePath() string { return b.path + ".reserve" }

// write is writeMore that has the reserve, too: for changes after which there is more room rather than less.
func (b *Bolt) write(ctx context.Context, fn func(*bolt.Tx) (change, error)) error {
	err := b.writeMore(ctx, fn)
	if isFull(err) && os.Remove(b.reservePath()) == nil {
		err = b.writeMore(ctx, fn)
	}
	return err
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// keepReserve sets it aside, again when it was used, as soon as there is much more room than it takes. Without one, all is as
// well as it was.
func (b *Bolt) keepReserve() {
	path := b.reservePath()
	if _, err := os.Lstat(path); err == nil {
		return
	}
	var fs unix.Statfs_t
	if unix.Statfs(b.path, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < 4*reserved { // #nosec G115 -- a block size is positive
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- beside the database
	if err != nil {
		return
	}
	if err := errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, reserved), f.Close()); err != nil { // #nosec G115 -- a file's number
		_ = os.Remove(path)
	}
}
