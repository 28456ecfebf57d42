package volumestest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"holm/internal/fault"
)

func testBlank(t *testing.T, s suite) {
	const gib, most = 3, 2 << 20
	s.create(t, A, gib)
	s.has(t, A)
	used, err := s.Backend.Usage(t.Context(), A)
	if err != nil || used.VirtualBytes != gib<<30 || used.AllocatedBytes < 0 || used.AllocatedBytes > most {
		t.Errorf("usage is %+v, %v: want %d bytes of which at most %d are allocated", used, err, gib<<30, most)
	}
	d := s.Backend.Disk(A)
	info, err := os.Stat(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	if d.Block != (info.Mode()&fs.ModeDevice != 0) {
		t.Errorf("%s: block is %t, mode %v", d.Path, d.Block, info.Mode())
	}
	if !d.Block && info.Mode().Perm() != 0o600 {
		t.Errorf("%s: mode is %v, want 0600", d.Path, info.Mode().Perm())
	}
	s.reads(t, A, 0, 0)
	s.reads(t, A, gib<<30-chunk, 0)
}

func testExisting(t *testing.T, s suite) {
	s.create(t, A, 1)
	s.create(t, B, 2)
	s.writes(t, A, 0, 0x11)
	for what, err := range map[string]error{
		"create": s.Backend.Create(t.Context(), A, 2, nil), "clone": s.Backend.Clone(t.Context(), B, A),
		"clone onto itself": s.Backend.Clone(t.Context(), A, A),
	} {
		if !errors.Is(err, fs.ErrExist) || fault.KindOf(err) != fault.Exists {
			t.Errorf("%s: %v, want fs.ErrExist", what, err)
		}
	}
	s.reads(t, A, 0, 0x11)
	s.size(t, A, 1)
	s.has(t, A, B)
}

func testAtOnce(t *testing.T, s suite) {
	before := s.Names(t)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			switch err := s.Backend.Create(t.Context(), A, 1, nil); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
	s.has(t, A)
	s.reads(t, A, 0, 0)
	if after := s.Names(t); len(after) != len(before)+1 {
		t.Errorf("there is %q now, was %q: want one more", after, before)
	}
}

func testKilled(t *testing.T, s suite) {
	before := s.Names(t)
	s.Leave(t, A)
	if after := s.Names(t); slices.Equal(before, after) {
		t.Fatal("nothing was left: the test tries nothing")
	}
	// What is left may count as made when all that is missing is to switch it on.
	if err := s.Backend.Create(t.Context(), A, 1, nil); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	s.has(t, A)
	s.size(t, A, 1)
	s.reads(t, A, 0, 0)
	s.remove(t, A)
	s.Leave(t, A)
	s.remove(t, A)
	if after := s.Names(t); !slices.Equal(before, after) {
		t.Errorf("there is %q now, was %q", after, before)
	}
}

func testEnded(t *testing.T, s suite) {
	s.create(t, A, 1)
	before := s.Names(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, err := range map[string]error{"create": s.Backend.Create(ctx, B, 1, nil), "clone": s.Backend.Clone(ctx, A, B)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", what, err)
		}
	}
	if after := s.Names(t); !slices.Equal(before, after) {
		t.Errorf("there is %q now, was %q", after, before)
	}
}

func testRemove(t *testing.T, s suite) {
	before := s.Names(t)
	s.create(t, A, 1)
	s.create(t, B, 1)
	s.writes(t, B, 0, 0x22)
	for range 2 {
		s.remove(t, A)
		s.has(t, B)
	}
	s.reads(t, B, 0, 0x22)
	s.create(t, A, 2) // the id is free again
	s.reads(t, A, 0, 0)
	s.remove(t, A)
	s.remove(t, B)
	if after := s.Names(t); !slices.Equal(before, after) {
		t.Errorf("there is %q now, was %q", after, before)
	}
}

func testForeign(t *testing.T, s suite) {
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.create(t, B, 1)
	s.Plant(t, A, victim)
	if err := s.Backend.Create(t.Context(), A, 1, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create: %v, want fs.ErrExist", err)
	}
	_, usage := s.Backend.Usage(t.Context(), A)
	for what, err := range map[string]error{
		"usage": usage, "grow": s.Backend.Grow(t.Context(), A, 2, false), "clone": s.Backend.Clone(t.Context(), A, C),
	} {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want an error that says that it is no volume", what, err)
		}
	}
	s.has(t, B)
	// A link may go, as it can be nothing else than a wrong one; what it leads to stays.
	_ = s.Backend.Remove(t.Context(), A)
	if content, err := os.ReadFile(victim); err != nil || string(content) != "precious" {
		t.Errorf("the victim has %q, %v", content, err)
	}
}

func testFull(t *testing.T, s suite) {
	if s.Fill == nil {
		t.Skip("left out: " + s.NoFill)
	}
	before := s.Names(t)
	s.Fill(t)
	err := s.Backend.Create(t.Context(), A, volumes64, nil)
	if !errors.Is(err, syscall.ENOSPC) || fault.RemedyOf(err) == "" {
		t.Errorf("create: %v, want one that wraps ENOSPC and has a remedy", err)
	}
	s.has(t)
	if after := s.Names(t); !slices.Equal(before, without(after, filler)) {
		t.Errorf("there is %q now, was %q", after, before)
	}
}
