// Package lock lets one process at a time work on a thing that has a file to stand for it. The kernel holds the lock
// (flock), so that a process that dies, however it dies, lets go of it.
//
// Lock files are never deleted: a process that waits has the file open already, and would be granted a lock on a file
// that no longer has the name while a third one makes the name anew and gets "the" lock, too.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"holm/internal/debuglog"
	"holm/internal/fault"
)

// ErrHeld means that somebody else, another process or another holder in this one, has the lock.
var ErrHeld = fault.Sentinel(fault.Busy, fault.Again("wait for it and try again"), "is locked by somebody else")

// The kernel offers no wait for a flock that a context can end, so Acquire asks again at growing intervals.
const (
	firstPause = time.Millisecond
	longPause  = 50 * time.Millisecond
)

// Lock is a lock that is held. The zero value is not usable.
type Lock struct{ file *os.File }

// Acquire takes the lock, and waits for it until ctx ends; the error then wraps both ErrHeld and the cause of ctx.
// The file is made with mode 0600 when it is missing; its directory must exist.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	var waiting *debuglog.Span
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := flock(f, syscall.LOCK_EX)
		if err == nil {
			waiting.End()
			return &Lock{file: f}, nil
		}
		if !errors.Is(err, ErrHeld) {
			return nil, errors.Join(err, f.Close())
		}
		if pause == firstPause {
			waiting = Waiting(ctx, path)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			waiting.End(slog.Bool("given_up", true))
			_ = f.Close()
			return nil, fmt.Errorf("%w: gave up waiting: %w", err, context.Cause(ctx))
		}
	}
}

// looks is how often Try asks for a lock that is held, and lookWithin how long one who looks at it may take: see Held.
const (
	looks      = 3
	lookWithin = 2 * time.Millisecond
)

// Try takes the lock when it is free, and fails with ErrHeld when it is not, within milliseconds.
func Try(path string) (*Lock, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	for range looks {
		if err = flock(f, syscall.LOCK_EX); !errors.Is(err, ErrHeld) {
			break
		}
		<-time.After(lookWithin)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &Lock{file: f}, nil
}

// Held tells whether somebody has the lock, and makes no file. It has the lock itself for microseconds, shared with others who look:
// Try does not take that for somebody who holds it.
func Held(path string) (bool, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock: %w", err)
	}
	err = flock(f, syscall.LOCK_SH)
	if errors.Is(err, ErrHeld) {
		return true, f.Close()
	}
	return false, errors.Join(err, (&Lock{file: f}).Release())
}

// maxNote is the longest note that is kept, in bytes.
const maxNote = 200

// Note writes into the lock's file who holds it, for whoever finds it held. What cannot be written is not worth an error.
func (l *Lock) Note(text string) {
	if l.file.Truncate(0) == nil {
		_, _ = l.file.WriteAt([]byte(text[:min(len(text), maxNote)]), 0)
	}
}

// NoteOf is what the last one to hold a lock wrote; "" when that was nothing. Whether it is held still, it does not say.
func NoteOf(path string) string {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxNote))
	if err != nil {
		return ""
	}
	return string(text)
}

// Release lets the next one have the lock. Releasing twice is no error.
func (l *Lock) Release() error {
	// Closing alone would leave the lock to a child that another goroutine has forked and that has not yet executed its
	// program: until then it has a copy of the descriptor.
	if raw, err := l.file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.Flock(int(fd), syscall.LOCK_UN) })
	}
	if err := l.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("unlock %s: %w", l.file.Name(), err)
	}
	return nil
}

func open(path string) (*os.File, error) {
	// A link in a lock's place would let whoever made it choose which file is made.
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return f, nil
}

// flock tries once; how is syscall.LOCK_EX or LOCK_SH.
func flock(f *os.File, how int) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	var locked error
	err = raw.Control(func(fd uintptr) {
		for {
			locked = syscall.Flock(int(fd), how|syscall.LOCK_NB)
			if !errors.Is(locked, syscall.EINTR) {
				return
			}
		}
	})
	switch err = errors.Join(err, locked); {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("%s %w", f.Name(), ErrHeld)
	default:
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
}
