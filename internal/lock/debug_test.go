package lock_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"holm/internal/debuglog"
	"holm/internal/lock"
)

func TestAWaitForALockIsToldWithWhoHoldsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var log bytes.Buffer
	ctx := debuglog.With(t.Context(), debuglog.New(&log))
	free, err := lock.Acquire(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Errorf("told of a lock that was free: %q", &log)
	}
	soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := lock.Acquire(soon, path); err == nil {
		t.Fatal("two have the lock")
	}
	time.AfterFunc(20*time.Millisecond, func() { _ = free.Release() })
	held, err := lock.Acquire(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	_ = held.Release()
	line := fmt.Sprintf(`time=\S+ msg=lock path=%s held_by="process %d \(\S+\)" took=\S+ms`, regexp.QuoteMeta(path), os.Getpid())
	if want := "^" + line + " given_up=true\n" + line + "\n$"; !regexp.MustCompile(want).MatchString(log.String()) {
		t.Errorf("told %q, want %s", &log, want)
	}
}

func TestAWaitThatNobodyReadsOfIsNotToldOf(t *testing.T) {
	if lock.Waiting(t.Context(), "/nonexistent") != nil {
		t.Error("it was told of")
	}
}
