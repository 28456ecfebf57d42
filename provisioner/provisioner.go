// Package provisioner turns what a person asks for into a running, isolated instance that has proven itself, or into
// nothing. Every change is admitted as a whole before anything is touched, recorded before it is made, and undone when
// it cannot be finished.
//
// The package names the interfaces that it needs (ports.go); cmd decides what stands behind them.
package provisioner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"time"

	"holm/images"
	"holm/internal/fault"
	"holm/internal/lock"
	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/verify"
	"holm/storage/pools"
	"holm/storage/records"
)

// Images is where golden images come from.
type Images interface {
	// Get finds an image by name, digest or the beginning of a digest; a fault of kind NotFound without one.
	Get(ref string) (images.Manifest, error)
	// Path is where a file of the image lies.
	Path(m images.Manifest, f images.File) string
}

// Capacity is what the host has, and how it can run a guest.
type Capacity struct {
	CPUs      int
	MemoryMiB int
	FreeBytes uint64 // on the file system of the state directory
	Machine   string // newest versioned q35 machine type
	KVM       bool   // tried, not looked up
	WhyNot    string // why KVM does not work; one line
}

// Config is what a Provisioner works with. Every field is required that does not say what its zero value means.
type Config struct {
	Dir     string // the state directory, absolute
	Records Records
	// Connect reaches the hypervisor; it is called when it is first needed, and at most once.
	Connect func(context.Context) (hypervisor.Driver, error)
	Images  Images
	// Inspect tries what the host can try of a running instance by itself, and ends soon after ctx does.
	Inspect func(ctx context.Context, s verify.Subject) []verify.Result
	// Measure looks at the host.
	Measure func(context.Context) (Capacity, error)
	// Look looks at what a pool stands on.
	Look func(ctx context.Context, pool model.Pool) (pools.Tree, error)
	// Health asks the drives under a pool how they are; it may take a process for each.
	Health   func(ctx context.Context, t *pools.Tree)
	Boot     Boot
	Firewall Firewall
	// Users is nil where QEMU runs as whoever calls: a libvirt of one's own.
	Users Users
	// Bound holds the QEMU of a running domain, of which live is libvirt's XML, to a number of open files and threads; nil where Users is.
	Bound func(domain, uuid, live string, uid int) error
	// HostKey is what tenants' keys are sealed with.
	HostKey HostKeys
	// Network is the host's own; those of tenants are beside it.
	Network network.Network
	// Wired are the hardware addresses that somebody has on this host, a guest of another's too: rules for frames go by them.
	Wired func() map[string]bool
	// MaxFlows is how many connections the host's kernel can follow; 0 is not known.
	MaxFlows int
	// Routes are where the host's routes lead to, IPv4 and IPv6.
	Routes func() ([]netip.Prefix, error)
	// Listens tells whether a program of the host's has that port.
	Listens func(ctx context.Context, protocol string, port uint16) (bool, error)
	// Resolver looks at the host's own resolver.
	Resolver func() environment.Resolver
	// Crash is called at each point where a death of the process has to be survivable; nil outside of tests.
	Crash func(point string)
	Now   func() time.Time
}

// Provisioner creates, changes and removes instances. Its methods may be called from several processes at once. Within a process it
// serves one command, which may call some of them at once when it has connected before, as StartAll does.
type Provisioner struct {
	Config
	hypervisor hypervisor.Driver
}

// New returns a provisioner that works with c.
func New(c Config) *Provisioner { return &Provisioner{Config: c} }

func (p *Provisioner) connect(ctx context.Context) (hypervisor.Driver, error) {
	if p.hypervisor == nil {
		h, err := p.Connect(ctx)
		if err != nil {
			return nil, err
		}
		p.hypervisor = h
	}
	return p.hypervisor, nil
}

// holdNetwork takes the lock under which the network is made and removed.
func (p *Provisioner) holdNetwork(ctx context.Context) (release func(), err error) {
	return p.holdAll(ctx, ".network")
}

// holdPools takes the lock under which pools are added and removed: what belongs to one beside its record, its folder and what
// waits for its mount, goes by its name.
func (p *Provisioner) holdPools(ctx context.Context) (release func(), err error) {
	return p.holdAll(ctx, ".pools")
}

// holdAll waits for a lock that is no instance's: no name begins with a dot.
func (p *Provisioner) holdAll(ctx context.Context, name string) (release func(), err error) {
	held, err := lock.Acquire(ctx, filepath.Join(p.Dir, "locks", name))
	if err != nil {
		return nil, err
	}
	return func() { _ = held.Release() }, nil
}

// find returns the record of an instance, or the fault that a person can read.
func (p *Provisioner) find(ctx context.Context, tenant, name string) (model.Instance, error) {
	if err := validateName("name", name); err != nil {
		return model.Instance{}, err
	}
	if err := validateName("tenant", tenant); err != nil {
		return model.Instance{}, err
	}
	inst, err := p.Records.Instance(ctx, tenant, name)
	if errors.Is(err, records.ErrNotFound) {
		return inst, fault.New(fault.NotFound, "see what there is: holm ls --tenant "+tenant,
			"there is no instance %q in tenant %q", name, tenant)
	}
	return inst, err
}

// randomHex returns n random bytes as hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// newUUID returns a random UUID, RFC 9562 version 4.
func newUUID() string {
	var b [16]byte
	_, _ = io.ReadFull(rand.Reader, b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// operation begins the journal entry of a change to an instance.
func (p *Provisioner) operation(kind string, inst model.Instance) model.Operation {
	now := p.Now().UTC()
	return model.Operation{
		ID: fmt.Sprintf("%016x-%s", now.UnixNano(), randomHex(2)), Kind: kind, Status: model.Running, Started: now,
		Instance: inst.ID, Tenant: inst.Tenant, Name: inst.Name,
	}
}
