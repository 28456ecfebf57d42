package lock_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holm/internal/lock"
)

// The test binary is also the other process: it holds the lock until its stdin ends, or counts in a file under it.
const (
	holdEnv  = "HOLM_LOCK_HOLD"
	countEnv = "HOLM_LOCK_COUNT"
	rounds   = 50
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(holdEnv) != "":
		hold(os.Getenv(holdEnv))
	case os.Getenv(countEnv) != "":
		count(os.Getenv(countEnv))
	default:
		m.Run()
	}
}

func hold(path string) {
	l, err := lock.Try(path)
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(os.Stdout, "held\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := l.Release(); err != nil {
		panic(err)
	}
}

// count reads, adds one and writes back without any protection but the lock's.
func count(path string) {
	for range rounds {
		l, err := lock.Acquire(context.Background(), path)
		if err != nil {
			panic(err)
		}
		n := 0
		if b, err := os.ReadFile(path + ".n"); err == nil {
			n, _ = strconv.Atoi(string(b))
		}
		if err := os.WriteFile(path+".n", []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			panic(err)
		}
		if err := l.Release(); err != nil {
			panic(err)
		}
	}
}

// holder starts a process that holds the lock and returns a function that lets it end.
func holder(t *testing.T, path string) (cmd *exec.Cmd, letGo func()) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder said %q (%v)", line, err)
	}
	return cmd, func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the holder: %v", err)
		}
	}
}

func TestTryFailsWhileAnotherProcessHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	_, letGo := holder(t, path)
	_, err := lock.Try(path)
	if !errors.Is(err, lock.ErrHeld) {
		t.Fatalf("error is %v, want ErrHeld", err)
	}
	if !strings.Contains(err.Error(), path) {
		t.Errorf("error %q does not name the file", err)
	}
	letGo()
	mustRelease(t, mustTry(t, path))
}

func TestAcquireGetsTheLockWhenTheOtherProcessLetsGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	_, letGo := holder(t, path)
	got := make(chan error, 1)
	go func() {
		l, err := lock.Acquire(t.Context(), path)
		if err == nil {
			err = l.Release()
		}
		got <- err
	}()
	letGo()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestAKilledHolderLetsGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	cmd, _ := holder(t, path)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed", as intended
	mustRelease(t, mustTry(t, path))
}

func TestAcquireStopsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	defer mustRelease(t, held)
	reason := errors.New("ctrl-c")

	t.Run("ended before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		if _, err := lock.Acquire(ctx, path); !errors.Is(err, reason) {
			t.Fatalf("error is %v, want the cause of the context", err)
		}
	})
	t.Run("ended while waiting", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		got := make(chan error)
		go func() {
			_, err := lock.Acquire(ctx, path)
			got <- err
		}()
		cancel(reason)
		if err := <-got; !errors.Is(err, reason) {
			t.Fatalf("error is %v, want the cause of the context", err)
		}
	})
	t.Run("a deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		_, err := lock.Acquire(ctx, path)
		if !errors.Is(err, lock.ErrHeld) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error is %v, want ErrHeld and the deadline", err)
		}
	})
}

func TestOnlyOneGoroutineHoldsAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var inside atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			l, err := lock.Acquire(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if n := inside.Add(1); n != 1 {
				t.Errorf("%d hold the lock at once", n)
			}
			inside.Add(-1)
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestProcessesAtOnceLoseNoUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	const processes = 4
	var wg sync.WaitGroup
	for range processes {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), countEnv+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(path + ".n")
	if err != nil {
		t.Fatal(err)
	}
	if want := strconv.Itoa(processes * rounds); string(b) != want {
		t.Errorf("counted %s, want %s", b, want)
	}
}

func TestTheFileIsPrivateAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	mustRelease(t, mustTry(t, path))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatalf("the lock file was deleted: %v", err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, want 0600", info.Mode().Perm())
	}
}

func TestReleaseTwiceIsNoError(t *testing.T) {
	l := mustTry(t, filepath.Join(t.TempDir(), "lock"))
	mustRelease(t, l)
	mustRelease(t, l)
}

func TestPlacesWhereNoLockCanBe(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a missing directory": filepath.Join(dir, "none", "lock"),
		"a directory":         dir,
		"a symbolic link":     link,
	} {
		t.Run(name, func(t *testing.T) {
			l, err := lock.Try(path)
			if err == nil {
				mustRelease(t, l) // or the next one waits for ever
			}
			if err == nil || errors.Is(err, lock.ErrHeld) {
				t.Errorf("Try: %v", err)
			}
			if _, err := lock.Acquire(t.Context(), path); err == nil || errors.Is(err, lock.ErrHeld) {
				t.Errorf("Acquire: %v", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of the link was made: %v", err)
	}
}

func mustTry(t *testing.T, path string) *lock.Lock {
	t.Helper()
	l, err := lock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustRelease(t *testing.T, l *lock.Lock) {
	t.Helper()
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestHeldTellsWhetherSomebodyHasTheLockAndMakesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if held, err := lock.Held(path); err != nil || held {
		t.Errorf("where there is no file: %t, %v", held, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("to look has made the file: %v", err)
	}
	l, err := lock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := lock.Held(path); err != nil || !held {
		t.Errorf("while it is held: %t, %v", held, err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if held, err := lock.Held(path); err != nil || held {
		t.Errorf("afterwards: %t, %v", held, err)
	}
	if l, err = lock.Try(path); err != nil {
		t.Fatalf("to look has kept the lock: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestWhoLooksAtALockKeepsNobodyFromIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil { // as Held does
		t.Fatal(err)
	}
	looked := time.AfterFunc(time.Millisecond, func() { _ = f.Close() })
	defer looked.Stop()
	l, err := lock.Try(path)
	if err != nil {
		t.Fatalf("somebody looked for a millisecond, and it cannot be taken: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}
