package provisioner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/environment"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/hypervisor/hypervisortest"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/verify"
	"holm/storage/keys"
	"holm/storage/pools"
	"holm/storage/records"
)

// errCtrlC is the cause of a context that a person has ended.
var errCtrlC = errors.New("interrupted")

const (
	decoy       = "11111111-2222-4333-8444-555555555555" // a domain that is not holm's
	decoyDomain = `<domain type="kvm"><name>decoy</name><uuid>` + decoy + `</uuid><memory>1</memory></domain>`
	decoyNet    = `<network><name>decoy</name><uuid>99999999-2222-4333-8444-555555555555</uuid><bridge name="virbr0"/></network>`
)

// world is a host: a hypervisor, a state directory, an image, and guests that behave as the test wants.
type world struct {
	t        *testing.T
	dir      string
	hyp      *hypervisortest.Hypervisor
	records  *spy
	images   fakeImages
	store    parts.Images // what there is besides, when it is not nil
	capacity hosts.Capacity
	connects int
	wrap     func(hypervisor.Driver) hypervisor.Driver // what holm sees of hyp
	measure  error
	network  network.Network
	crash    func(point string)
	grounds  map[string]pools.Tree // what is mounted, by its path
	boot     boot
	wall     wall
	bound    []string // domains and users whose QEMU is held to limits
	unbound  error    // what holding comes to
	users    users
	routes   []netip.Prefix
	maxFlows int
	wired    func() map[string]bool
	listens  map[uint16]bool
	resolver environment.Resolver
	host     keys.Keeper
	inspect  func(ctx context.Context, s verify.Subject) []verify.Result

	mu     sync.Mutex
	guest  guest
	guests sync.WaitGroup
}

// guest plays what runs in a domain; it ends when the port does.
type guest func(uuid string, port io.ReadWriter)

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "var", "holm")
	w := &world{
		t: t, dir: dir, hyp: hypervisortest.NewHypervisor(), images: fakeImages{debian()}, network: network.Default(),
		resolver: environment.Resolver{Servers: []netip.Addr{netip.MustParseAddr("9.9.9.9")}, File: "/etc/resolv.conf"},
		records:  &spy{Bolt: records.Open(filepath.Join(dir, "holm.db"))},
		host:     keys.Keeper{Path: filepath.Join(dir, "keys", "host.key")},
		capacity: hosts.Capacity{CPUs: 8, MemoryMiB: 16 << 10, FreeBytes: 1 << 40, Machine: "pc-q35-7.2", KVM: true},
	}
	w.inspect = func(context.Context, verify.Subject) []verify.Result { return seen(report.Passed, report.Passed) }
	w.play(honest())
	w.hyp.OnStart(func(uuid string) {
		w.mu.Lock()
		play := w.guest
		w.mu.Unlock()
		if port := w.hyp.Guest(uuid, report.Channel); port != nil {
			w.guests.Go(func() { play(uuid, port) })
		}
	})
	ctx := t.Context()
	must(t, w.hyp.Define(ctx, decoyDomain))
	must(t, w.hyp.Start(ctx, decoy))
	must(t, w.hyp.EnsureNetwork(ctx, decoyNet))
	t.Cleanup(func() {
		w.hyp.FailWith(nil)
		states, err := w.hyp.States(context.WithoutCancel(ctx))
		must(t, err)
		for uuid := range states {
			w.hyp.PowerOff(uuid)
		}
		w.guests.Wait()
	})
	return w
}

func (w *world) play(g guest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.guest = g
}

// holm is another process on the host.
func (w *world) holm() *provisioner.Engine { return provisioner.New(w.config()) }

// config is what that process works with.
func (w *world) config() provisioner.Config {
	var store parts.Images = w.images
	if w.store != nil {
		store = w.store
	}
	return provisioner.Config{
		Dir: w.dir, Records: w.records, Images: store, Network: w.network, Now: time.Now, Crash: w.crash,
		Resolver: func() environment.Resolver { return w.resolver },
		Connect: func(context.Context) (hypervisor.Driver, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.connects++
			if w.wrap != nil {
				return w.wrap(w.hyp), nil
			}
			return w.hyp, nil
		},
		Look:    func(_ context.Context, pool model.Pool) (pools.Tree, error) { return w.look(pool) },
		Bound:   w.bind,
		HostKey: w.host,
		Boot:    &w.boot, Firewall: &w.wall, Users: &w.users,
		MaxFlows: w.maxFlows, Wired: func() map[string]bool {
			if w.wired == nil {
				return nil
			}
			return w.wired()
		},
		Routes:  func() ([]netip.Prefix, error) { return w.routes, nil },
		Listens: func(_ context.Context, _ string, port uint16) (bool, error) { return w.listens[port], nil },
		Health:  func(_ context.Context, tree *pools.Tree) { w.ask(tree) },
		Inspect: func(ctx context.Context, s verify.Subject) []verify.Result { return w.inspect(ctx, s) },
		Measure: func(context.Context) (hosts.Capacity, error) { return w.capacity, w.measure },
	}
}

// seen is what the host's two checks come to.
func seen(host, network report.Outcome) []verify.Result {
	return []verify.Result{
		{ID: "qemu-user", Side: verify.Host, Outcome: host, Found: "uid 64055"},
		{ID: "firewall", Side: verify.Network, Outcome: network, Found: "no answer"},
	}
}

func web() instances.Spec { return instances.Spec{Name: "web"} }

// created is an instance that is ready.
func (w *world) created(name string) model.Instance {
	w.t.Helper()
	inst, err := w.holm().Instances.Create(w.t.Context(), instances.Spec{Name: name}, nil)
	must(w.t, err)
	return inst
}

// interrupted leaves an instance that boots: its create was interrupted after the start.
func (w *world) interrupted() model.Instance {
	w.t.Helper()
	ctx, cancel := context.WithCancelCause(w.t.Context())
	_, err := w.holm().Instances.Create(ctx, web(), func(e operations.Event) {
		if e.Step == "booting" && e.Phase == operations.Begun {
			cancel(errCtrlC)
		}
	})
	refused(w.t, err, fault.Interrupted, "holm wait web")
	return w.record()
}

// bind notes which domain was held to its limits.
func (w *world) bind(domain, uuid, _ string, uid int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bound = append(w.bound, fmt.Sprint(domain, " ", uuid, " ", uid))
	return w.unbound
}

// record is that of web.
func (w *world) record() model.Instance {
	w.t.Helper()
	inst, err := w.records.Instance(context.WithoutCancel(w.t.Context()), "default", "web")
	must(w.t, err)
	return inst
}

func (w *world) state(inst model.Instance) hypervisor.State {
	w.t.Helper()
	state, err := w.hyp.State(w.t.Context(), inst.UUID)
	must(w.t, err)
	return state
}

// file is a path in the folder of an instance.
func (w *world) file(id, name string) string { return filepath.Join(w.dir, "instances", id, name) }

// inventory is all that there is: domains, networks, files and records. Locks are never deleted, holm's key is made
// once, and the database stays.
func (w *world) inventory() []string {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	states, err := w.hyp.States(ctx)
	must(w.t, err)
	var all []string
	for _, uuid := range slices.Sorted(maps.Keys(states)) {
		all = append(all, "domain "+uuid+" "+string(states[uuid]))
	}
	for _, name := range w.hyp.Networks() {
		all = append(all, "network "+name)
	}
	list, err := w.records.List(ctx, "")
	must(w.t, err)
	for _, s := range list {
		all = append(all, "record "+s.Tenant+"/"+s.Name+" "+s.ID)
	}
	err = filepath.WalkDir(filepath.Join(w.dir, "instances"), func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || filepath.Base(path) == "instances" {
			return nil
		}
		all = append(all, "file "+path)
		return err
	})
	must(w.t, err)
	return all
}

// refused checks that err is a fault of that kind for people: one line, and a remedy with those words.
func refused(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("there is no error, want a fault of kind %d with %q", kind, words)
	}
	if got := fault.KindOf(err); got != kind {
		t.Errorf("%q is of kind %d, want %d", err, got, kind)
	}
	if text := err.Error(); strings.ContainsAny(text, "\r\n\x1b") || len(text) > 700 {
		t.Errorf("the error is not one line of a fair length: %.900q", text)
	}
	all := err.Error() + " → " + fault.RemedyOf(err)
	for _, word := range words {
		if !strings.Contains(all, word) {
			t.Errorf("%q does not say %q", all, word)
		}
	}
	if fault.RemedyOf(err) == "" && !strings.Contains(err.Error(), ": use ") {
		t.Errorf("%q has no remedy", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// createdUnder is created by a process with that umask. Tests that use it must not run beside others.
func (w *world) createdUnder(umask int) model.Instance {
	w.t.Helper()
	defer syscall.Umask(syscall.Umask(umask))
	return w.created("web")
}
