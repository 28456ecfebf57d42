package keys_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"holm/internal/fault"
	"holm/storage/keys"
)

// book is a store of keys of tenants, by tenant.
type book struct{ sealed map[string]keys.Sealed }

func (b *book) SealedBy(context.Context) (ids []string, err error) {
	for _, s := range b.sealed {
		if !slices.Contains(ids, s.By) {
			ids = append(ids, s.By)
		}
	}
	return ids, nil
}

func (b *book) Reseal(_ context.Context, from, to keys.Key) error {
	after := map[string]keys.Sealed{}
	for tenant, s := range b.sealed {
		if after[tenant] = s; s.By == to.ID() {
			continue
		}
		inner, err := from.Open(s, keys.Tenant, tenant)
		if err != nil {
			return err
		}
		if after[tenant], err = to.Seal(inner, keys.Tenant, tenant); err != nil {
			return err
		}
	}
	b.sealed = after
	return nil
}

// opens tells whether a key opens anything of the book.
func (b *book) opens(k keys.Key) bool {
	for tenant, s := range b.sealed {
		if _, err := k.Open(s, keys.Tenant, tenant); err == nil {
			return true
		}
	}
	return false
}

// host is a host with a key of its own, and two tenants' keys that it has sealed.
type host struct {
	keys.Keeper
	*book
	old   keys.Key
	inner map[string]keys.Key
}

func newHost(t *testing.T) *host {
	t.Helper()
	t.Cleanup(keys.Cheaply())
	h := &host{Keeper: keeper(t), book: &book{map[string]keys.Sealed{}}, inner: map[string]keys.Key{"acme": keys.New(), "umbrella": keys.New()}}
	var err error
	if h.old, err = h.Key("", true); err != nil {
		t.Fatal(err)
	}
	for tenant, k := range h.inner {
		if h.sealed[tenant], err = h.old.Seal(k, keys.Tenant, tenant); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *host) boot(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Dir(h.Memory)); err != nil {
		t.Fatal(err)
	}
}

// whole tells whether every tenant's key can be had, now.
func (h *host) whole(t *testing.T) bool {
	t.Helper()
	for tenant, s := range h.sealed {
		k, err := h.Key(s.By, false)
		if err != nil {
			return false
		}
		if inner, err := k.Open(s, keys.Tenant, tenant); err != nil || inner != h.inner[tenant] {
			return false
		}
	}
	return true
}

// truthful holds what is said of the mode against what can be had.
func (h *host) truthful(t *testing.T, when string) keys.State {
	t.Helper()
	s, err := h.State(t.Context(), h.book)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.whole(t); got != s.Open {
		t.Errorf("%s: open is %v, and the keys can be had: %v", when, s.Open, got)
	}
	plain, err := os.ReadFile(h.Path)
	if there := err == nil; s.Mode == keys.Manual && there {
		t.Errorf("%s: the mode is manual, and there is a key in its file", when)
	} else if there && len(plain) == keys.Size {
		if k, _ := keys.Of(plain, ""); h.opens(k) && s.Mode != keys.Auto {
			t.Errorf("%s: the key in its file opens what is stored, and the mode is %s", when, s.Mode)
		}
	}
	return s
}

type died struct{}

// dies runs do until a point.
func (h *host) dies(point string, do func(k keys.Keeper) error) (reached bool) {
	defer func() {
		if _, reached = recover().(died); !reached {
			return
		}
	}()
	k := h.Keeper
	k.Crash = func(p string) {
		if p == point {
			panic(died{})
		}
	}
	_ = do(k)
	return false
}

func TestLockingMakesANewKeyAndNothingOfTheOldOneStays(t *testing.T) {
	h := newHost(t)
	content, err := os.ReadFile(h.Path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(h.Path) // what a drive may remember of it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := h.Lock(t.Context(), []byte(phrase), h.book); err != nil {
		t.Fatal(err)
	}
	if s := h.truthful(t, "locked"); s.Mode != keys.Manual || !s.Open || s.Unfinished {
		t.Errorf("it is %+v", s)
	}
	if h.opens(h.old) {
		t.Error("the key that lay in a file opens what is stored")
	}
	left := make([]byte, keys.Size)
	if _, err := file.ReadAt(left, 0); err != nil || bytes.Equal(left, content) {
		t.Errorf("its file was removed and not overwritten: %v", err)
	}
	h.boot(t)
	if s := h.truthful(t, "booted"); s.Mode != keys.Manual || s.Open {
		t.Errorf("it is %+v", s)
	}
	if err := h.Unlock(t.Context(), []byte(phrase), h.book); err != nil || !h.whole(t) {
		t.Errorf("unlocked: %v", err)
	}
	// Nothing that lies in files is one of the keys.
	for _, k := range append([]keys.Key{h.old}, h.inner["acme"]) {
		found, err := filepath.Glob(filepath.Join(filepath.Dir(h.Path), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, k.Passphrase()) {
				t.Errorf("%s has it", path)
			}
		}
	}
}

func TestAnExchangeThatWasCutShortIsFinishedByLockAndByUnlock(t *testing.T) {
	finishers := map[string]func(h *host, ctx context.Context) error{
		"lock":    func(h *host, ctx context.Context) error { return h.Lock(ctx, []byte(phrase), h.book) },
		"unlock":  func(h *host, ctx context.Context) error { return h.Unlock(ctx, []byte(phrase), h.book) },
		"release": func(h *host, ctx context.Context) error { return h.Release(ctx, []byte(phrase), h.book) },
	}
	for _, point := range []string{"unlock.locked", "unlock.remembered", "unlock.resealed", "unlock.overwritten"} {
		for name, finish := range finishers {
			for _, boots := range []bool{false, true} {
				h := newHost(t)
				if !h.dies(point, func(k keys.Keeper) error { return k.Lock(t.Context(), []byte(phrase), h.book) }) {
					t.Fatalf("it did not come to %s", point)
				}
				if boots {
					h.boot(t)
				}
				when := point + ", " + name
				if s := h.truthful(t, when); s.Mode != keys.Auto || !s.Unfinished {
					t.Errorf("%s: it is %+v", when, s)
				}
				if err := h.Unlock(t.Context(), []byte(phrase+"x"), h.book); fault.KindOf(err) != fault.Refused {
					t.Errorf("%s: another passphrase: %v", when, err)
				}
				if err := finish(h, t.Context()); err != nil {
					t.Errorf("%s: %v", when, err)
				}
				want := keys.Manual
				if name == "release" {
					want = keys.Auto
				}
				if s := h.truthful(t, when); s.Mode != want || !s.Open || s.Unfinished || h.opens(h.old) {
					t.Errorf("%s: finished it is %+v, the old key opens something: %v", when, s, h.opens(h.old))
				}
				h.boot(t)
				h.truthful(t, when+", booted")
			}
		}
	}
}

func TestAnotherPassphraseEndsAnExchangeOnlyAsLongAsNothingDependsOnTheFirst(t *testing.T) {
	for point, want := range map[string]fault.Kind{"unlock.locked": fault.Failure, "unlock.resealed": fault.Refused} {
		h := newHost(t)
		h.dies(point, func(k keys.Keeper) error { return k.Lock(t.Context(), []byte(phrase), h.book) })
		h.boot(t)
		err := h.Lock(t.Context(), []byte("another passphrase"), h.book)
		if (err == nil) != (want == fault.Failure) || err != nil && fault.KindOf(err) != want {
			t.Errorf("%s: %v", point, err)
		}
		for _, phrase := range []string{phrase, "another passphrase"} {
			_ = h.Unlock(t.Context(), []byte(phrase), h.book)
		}
		if !h.whole(t) {
			t.Errorf("%s: the keys are lost", point)
		}
	}
}

func TestAReleaseThatWasCutShortIsOneOrTheOther(t *testing.T) {
	h := newHost(t)
	if err := h.Lock(t.Context(), []byte(phrase), h.book); err != nil {
		t.Fatal(err)
	}
	if !h.dies("unlock.released", func(k keys.Keeper) error { return k.Release(t.Context(), []byte(phrase), h.book) }) {
		t.Fatal("it did not come there")
	}
	h.boot(t)
	if s := h.truthful(t, "cut short"); s.Mode != keys.Auto || !s.Open || !s.Unfinished {
		t.Errorf("it is %+v", s)
	}
	if err := h.Unlock(t.Context(), []byte(phrase), h.book); err != nil {
		t.Fatal(err)
	}
	if s := h.truthful(t, "finished"); s.Mode != keys.Auto || !s.Open || s.Unfinished {
		t.Errorf("it is %+v", s)
	}
}

// TestBothFilesOfAnEarlierHolmAreNotCalledLocked: it locked the very key that lay in the file, and a death in between left both. The mode
// was said to be manual then, no passphrase was needed, and nothing removed the file.
func TestBothFilesOfAnEarlierHolmAreNotCalledLocked(t *testing.T) {
	h := newHost(t)
	if err := h.Lock(t.Context(), []byte(phrase), h.book); err != nil {
		t.Fatal(err)
	}
	h.dies("unlock.released", func(k keys.Keeper) error { return k.Release(t.Context(), []byte(phrase), h.book) })
	if s := h.truthful(t, "both"); s.Mode != keys.Auto {
		t.Errorf("it is %+v", s)
	}
	both, err := h.Key("", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Lock(t.Context(), []byte(phrase), h.book); err != nil {
		t.Fatal(err)
	}
	if s := h.truthful(t, "locked again"); s.Mode != keys.Manual || h.opens(both) {
		t.Errorf("it is %+v, and the key that lay in a file opens something: %v", s, h.opens(both))
	}
}
