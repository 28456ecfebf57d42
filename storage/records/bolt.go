package records

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"holm/internal/debuglog"
	"holm/internal/fault"
	"holm/internal/lock"
	"holm/internal/trusted"
)

// schema is the newest version of the file's layout that is known here. A file of a newer one is refused: it may hold what must not
// be lost. Versions that know only 1 drop the fields that they do not know, such as a volume's key; those that know 2 carry them
// over, see encodeOver. A file whose audit log begins with a base is of 3: to whoever does not know of bases it would look cut.
const (
	schema      = 3
	plainSchema = 2
)

// schemaOf is what the next change makes of a file's version: the oldest that understands it.
func schemaOf(meta *bolt.Bucket) int {
	if meta.Get([]byte(keyBase)) != nil {
		return schema
	}
	return plainSchema
}

// The buckets, and the keys of meta.
const (
	bucketMeta       = "meta"
	bucketInstances  = "instances"
	bucketNames      = "names"
	bucketSummaries  = "summaries"
	bucketOperations = "operations"
	bucketAudit      = "audit"
	bucketPools      = "pools"   // made by the first pool: older files have none
	bucketTenants    = "tenants" // the same
	bucketFlavors    = "flavors" // the same
	bucketUsers      = "users"   // the same
	bucketTenantKeys = "tenant-keys"
	bucketRemoved    = "removed"    // made by the first removal
	bucketBase       = "audit-base" // made by the first archive

	keySchema = "schema"
	keyHost   = "host"
	keyHead   = "audit"
	keyBase   = "audit-base"
)

func buckets() []string {
	return []string{bucketMeta, bucketInstances, bucketNames, bucketSummaries, bucketOperations, bucketAudit}
}

// patience is how long a transaction waits for another process. Transactions take milliseconds, so whoever waits that long
// waits for something that hangs; and what has been done in the world is worth the wait before it cannot be recorded.
const patience = 20 * time.Second

// Bolt is a store in a bbolt file. It holds nothing open between its methods and may be used by any number of
// goroutines; in one process its transactions take turns. A callback must not call the store that called it.
type Bolt struct {
	// Opened is told of each transaction, by the method that asks for it: tests count them. It may be nil.
	Opened func(method string)

	path     string
	copied   *os.File      // read instead of the file at path, when there is one
	turn     chan struct{} // holds one token: whoever has it may open the file
	patience time.Duration
	now      func() time.Time
	actor    func() string
	crash    func(point string) // tests die in it
}

// Open returns a handle on the store in that file. It touches nothing: what reads finds an absent file empty, and the
// first change makes it, and its directory.
func Open(path string) *Bolt {
	b := &Bolt{
		path: path, turn: make(chan struct{}, 1), patience: patience,
		now: time.Now, actor: Actor, crash: func(string) {},
	}
	b.turn <- struct{}{}
	return b
}

// read runs fn in a transaction that sees one state of everything. Where there is no file, fn is not called.
func (b *Bolt) read(ctx context.Context, fn func(*bolt.Tx) error) error {
	if err := b.take(ctx); err != nil {
		return err
	}
	defer b.give()
	if err := trusted.Dir(filepath.Dir(b.path)); err != nil {
		return err
	}
	switch _, err := os.Stat(b.path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return b.explain(err)
	}
	return b.transact(ctx, true, fn)
}

// writeMore runs fn in a transaction and appends to the audit log what fn says it changed; all of it is durable when
// writeMore returns nil, and none of it when it returns an error. If fn says that nothing changed, nothing is written.
func (b *Bolt) writeMore(ctx context.Context, fn func(*bolt.Tx) (change, error)) error {
	if err := b.take(ctx); err != nil {
		return err
	}
	defer b.give()
	if err := b.ensure(ctx); err != nil {
		return err
	}
	err := b.transact(ctx, false, func(tx *bolt.Tx) error {
		c, err := fn(tx)
		if err != nil {
			return err
		}
		for _, one := range append(c.also, c) {
			if one.kind == "" {
				continue
			}
			if err := appendAudit(tx, one, b.now(), b.actor()); err != nil {
				return err
			}
			c.kind = cmp.Or(c.kind, one.kind)
		}
		if c.kind == "" {
			return errUnchanged
		}
		meta := tx.Bucket([]byte(bucketMeta))
		return meta.Put([]byte(keySchema), []byte(strconv.Itoa(schemaOf(meta))))
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err == nil {
		b.keepReserve()
	}
	return err
}

var errUnchanged = errors.New("nothing to write")

// take waits for this process' turn. A mutex could not be left when ctx ends.
func (b *Bolt) take(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%s: %w", b.path, err)
	}
	select {
	case <-b.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: gave up waiting: %w", b.path, context.Cause(ctx))
	}
}

func (b *Bolt) give() { b.turn <- struct{}{} }

// transact opens the file, runs fn and closes the file. bbolt trusts what it reads and panics, or faults, on a damaged
// file: that becomes an error. A panic of a caller's callback (see call) goes on its way.
func (b *Bolt) transact(ctx context.Context, readOnly bool, fn func(*bolt.Tx) error) (err error) {
	var file *os.File
	var db *bolt.DB
	defer tellIfSlow(ctx, readOnly, time.Now())
	if b.Opened != nil {
		b.Opened(purpose())
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		p := recover()
		if p == nil {
			// A callback may have ended its goroutine instead of returning, as a test that fails does.
			if db != nil {
				_ = db.Close()
			}
			return
		}
		if theirs, ok := p.(callbackPanic); ok {
			_ = db.Close() // the transaction is rolled back already
			panic(theirs.value)
		}
		release(file)
		err = b.damaged(fmt.Errorf("%v", p))
	}()
	if db, err = b.open(ctx, readOnly, &file); err != nil {
		return err
	}
	var said error // by fn, as opposed to by bbolt
	run := func(tx *bolt.Tx) error {
		if said = b.checkSchema(tx); said == nil {
			said = fn(tx)
		}
		return said
	}
	if readOnly {
		err = db.View(run)
	} else {
		err = db.Update(run)
	}
	closed := db.Close()
	switch {
	case said != nil:
		return said
	case err != nil:
		return b.explain(err)
	case closed != nil:
		return b.explain(closed)
	}
	return nil
}

// release gives up the lock of a file on which bbolt panicked: it may hold its own locks and must not be asked to close.
// The memory that it mapped keeps the file, and with it the lock, so closing alone would not do.
func release(file *os.File) {
	if file != nil {
		_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		_ = file.Close()
	}
}

// open waits for other processes in small steps, as bbolt's own wait is coarse and knows no context.
func (b *Bolt) open(ctx context.Context, readOnly bool, file **os.File) (*bolt.DB, error) {
	deadline := time.Now().Add(b.patience)
	var waiting *debuglog.Span
	defer func() { waiting.End() }()
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		db, err := bolt.Open(b.path, 0o600, b.options(readOnly, file))
		if err == nil {
			return db, nil
		}
		if _, system := errors.AsType[syscall.Errno](err); system {
			return nil, b.explain(err)
		}
		if _, refused := errors.AsType[*fault.Error](err); refused {
			return nil, err
		}
		if !errors.Is(err, bolterrors.ErrTimeout) {
			return nil, b.damaged(err) // what is not the system's complaint is bbolt's about the content
		}
		if pause == time.Millisecond {
			waiting = lock.Waiting(ctx, b.path)
		}
		if time.Until(deadline) < pause {
			return nil, fmt.Errorf("%s: %w", b.path, ErrBusy)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w: gave up waiting: %w", fmt.Errorf("%s: %w", b.path, ErrBusy), context.Cause(ctx))
		}
	}
}

func (b *Bolt) options(readOnly bool, file **os.File) *bolt.Options {
	return &bolt.Options{
		Timeout: 1, ReadOnly: readOnly, NoStatistics: true, FreelistType: bolt.FreelistMapType,
		OpenFile: func(path string, flag int, mode os.FileMode) (f *os.File, err error) {
			// Only ensure makes the file, and completely: bbolt would lay it out in place.
			if b.copied != nil {
				f, err = again(b.copied)
			} else {
				f, err = os.OpenFile(path, flag&^os.O_CREATE|syscall.O_NOFOLLOW, mode)
			}
			if err != nil {
				return nil, err
			}
			*file = f
			if err := trusted.Is(f); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			if info, err := f.Stat(); err == nil && info.Size() == 0 {
				return nil, errors.Join(bolterrors.ErrInvalid, f.Close())
			}
			return f, nil
		},
	}
}

func (b *Bolt) checkSchema(tx *bolt.Tx) error {
	for _, name := range buckets() {
		if tx.Bucket([]byte(name)) == nil {
			return b.damaged(fmt.Errorf("it has no %s", name))
		}
	}
	stored := string(tx.Bucket([]byte(bucketMeta)).Get([]byte(keySchema)))
	version, err := strconv.Atoi(stored)
	switch {
	case err != nil || version < 1:
		return b.damaged(fmt.Errorf("its schema is %q", stored))
	case version > schema:
		return b.newer(version)
	}
	return nil
}

// callbackPanic marks a panic as the caller's.
type callbackPanic struct{ value any }

// call runs a callback of the caller.
func call(callback func() error) error {
	defer func() {
		if p := recover(); p != nil {
			panic(callbackPanic{p})
		}
	}()
	return callback()
}
