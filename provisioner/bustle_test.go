package provisioner_test

import (
	"math/rand/v2" //nolint:depguard // the same seed gives the same choices again
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"holm/images"
	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/network"
	"holm/storage/records"
)

// chance picks at random. Several goroutines may use it.
type chance struct {
	mu sync.Mutex
	*rand.Rand
}

func (c *chance) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.IntN(n)
}

func pick[T any](c *chance, of ...T) T { return of[c.below(len(of))] }

// library has images of one name that come and go.
type library struct {
	mu   sync.Mutex
	stir func()            // whoever asks is overtaken
	all  []images.Manifest // from the oldest to the newest
	gone map[string]bool   // by digest
	fakeImages
}

func (l *library) Get(ref string) (found images.Manifest, err error) {
	defer l.stir()
	l.mu.Lock()
	defer l.mu.Unlock()
	err = fault.New(fault.NotFound, "see what there is: holm image ls", "there is no image %.20q", ref)
	for _, m := range l.all {
		if (ref == m.Name || ref == m.Digest) && !l.gone[m.Digest] {
			found, err = m, nil
		}
	}
	return found, err
}

// remove is "image rm" and build is "image build".
func (l *library) remove(digest string, users []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(users) > 0 {
		return fault.New(fault.Busy, "remove them first: holm rm NAME", "image %.20s is used", digest)
	}
	l.gone[digest] = true
	return nil
}

func (l *library) build(digest string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.gone, digest)
}

// bustle is a world in which anything is done at any time.
type bustle struct {
	*world
	c    *chance
	lib  *library
	path string // of the pool "fast"
}

func newBustle(t *testing.T, seed uint64) *bustle {
	t.Helper()
	w := newWorld(t)
	b := &bustle{world: w, path: w.mount(whole)}
	b.c = &chance{Rand: rand.New(rand.NewPCG(seed, 0))} // #nosec G404 -- no secret
	long := func() { <-time.After(time.Duration(b.c.below(20)) * time.Millisecond) }
	b.lib = &library{stir: long, all: []images.Manifest{debian(), newer()}, gone: map[string]bool{}, fakeImages: w.images}
	w.store, w.capacity.MemoryMiB = b.lib, 4<<10
	stir := func() {
		for range b.c.below(30) {
			runtime.Gosched()
		}
		if b.c.below(4) == 0 {
			<-time.After(time.Duration(b.c.below(4000)) * time.Microsecond)
		}
	}
	w.crash, w.wall.applying, w.boot.unordering = func(string) { stir() }, stir, long
	w.hyp.FailWith(func(string, string) error { stir(); return nil })
	return b
}

// process is another holm, with a handle of its own on the database, that has read the host's settings.
func (b *bustle) process() *provisioner.Engine {
	c := b.config()
	store := records.Open(filepath.Join(b.dir, "holm.db"))
	c.Records = store
	if host, err := store.Host(b.t.Context()); err == nil && host.Network != "" {
		c.Network, err = network.Recorded(host.Network, host.Subnet)
		must(b.t, err)
	}
	return provisioner.New(c)
}
