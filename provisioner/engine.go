// Package provisioner turns what a person asks for into a running, isolated instance that has proven itself, or into
// nothing. Every change is admitted as a whole before anything is touched, recorded before it is made, and undone when
// it cannot be finished.
//
// It is an Engine with one service a noun, each in a room of its own below, which names the interfaces that it needs; cmd
// decides what stands behind them.
package provisioner

import (
	"context"
	"net/netip"
	"time"

	"holm/provisioner/environment"
	"holm/provisioner/guestlink"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
	"holm/provisioner/parts"
	"holm/provisioner/pools"
	"holm/provisioner/proof"
	"holm/provisioner/tenants"
	"holm/provisioner/verify"
	"holm/provisioner/views"
	drives "holm/storage/pools"
)

// Records is the memory of the engine. Every method is one transaction: it is durable when it returns.
// Implementation: storage/records (bbolt), which passes recordstest.
type Records interface {
	instances.Records
	operations.Journal
	networks.Store
	pools.Store
	tenants.Store
	tenants.KeyStore
	tenants.Book
	hosts.Store
}

// Config is what an Engine works with. Every field is required that does not say what its zero value means.
type Config struct {
	Dir     string // the state directory, absolute
	Records Records
	// Connect reaches the hypervisor; it is called when it is first needed, and at most once.
	Connect func(context.Context) (hypervisor.Driver, error)
	Images  parts.Images
	// Inspect tries what the host can try of a running instance by itself, and ends soon after ctx does.
	Inspect func(ctx context.Context, s verify.Subject) []verify.Result
	// Measure looks at the host.
	Measure func(context.Context) (hosts.Capacity, error)
	// Look looks at what a pool stands on.
	Look func(ctx context.Context, pool model.Pool) (drives.Tree, error)
	// Health asks the drives under a pool how they are; it may take a process for each.
	Health   func(ctx context.Context, t *drives.Tree)
	Boot     pools.Boot
	Firewall networks.Firewall
	// Users is nil where QEMU runs as whoever calls: a libvirt of one's own.
	Users tenants.Users
	// Bound holds the QEMU of a running domain, of which live is libvirt's XML, to a number of open files and threads; nil where Users is.
	Bound func(domain, uuid, live string, uid int) error
	// HostKey is what tenants' keys are sealed with.
	HostKey tenants.HostKeys
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
	// Parts changes the list of what instances are made of; nil outside of tests.
	Parts func(parts.List) parts.List
	Now   func() time.Time
}

// Engine has one service a noun. Their methods may be called from several processes at once, and from several goroutines
// once the hypervisor has been reached.
type Engine struct {
	Instances *instances.Service
	Tenants   *tenants.Service
	Pools     *pools.Service
	Networks  *networks.Service
	Hosts     *hosts.Service
	Proof     *proof.Service
	History   *operations.History
}

// New returns an engine that works with c.
func New(c Config) *Engine {
	ops := &operations.Service{Dir: c.Dir, Records: c.Records, Dial: c.Connect, CrashAt: c.Crash, Now: c.Now}
	nets := &networks.Service{Operations: ops, Dir: c.Dir, Records: c.Records, Firewall: c.Firewall, Network: c.Network, MaxFlows: c.MaxFlows}
	places := &pools.Service{Operations: ops, Dir: c.Dir, Records: c.Records, Look: c.Look, Health: c.Health, Boot: c.Boot, Now: c.Now}
	machine := &hosts.Service{Records: c.Records}
	owners := &tenants.Service{
		Keys:       &tenants.Keys{Records: c.Records, HostKey: c.HostKey, Now: c.Now},
		Operations: ops, Networks: nets, Dir: c.Dir, Records: c.Records, Network: c.Network, Routes: c.Routes,
		Resolver: c.Resolver,
		Users:    c.Users, Now: c.Now,
	}
	made := &parts.Parts{
		Operations: ops, Networks: nets, Pools: places, Tenants: owners, Keys: owners.Keys, Dir: c.Dir, Records: c.Records, Images: c.Images,
		Firewall: c.Firewall, Users: c.Users, Bound: c.Bound, Alter: c.Parts,
	}
	link := &guestlink.Link{Operations: ops, Networks: nets, Parts: made, Network: c.Network, Resolver: c.Resolver}
	shown := &views.Service{Operations: ops, Parts: made, Link: link, Records: c.Records}
	proven := &proof.Service{
		Operations: ops, Networks: nets, Pools: places, Parts: made, Link: link, Views: shown, Dir: c.Dir, Records: c.Records, Images: c.Images,
		Inspect: c.Inspect, Now: c.Now,
	}
	e := &Engine{Tenants: owners, Pools: places, Networks: nets, Hosts: machine, Proof: proven}
	e.History = &operations.History{Operations: ops, Records: c.Records}
	e.Instances = life(c, e, ops, made, link, shown)
	return e
}

// life is all that can be done with instances.
func life(c Config, e *Engine, ops *operations.Service, made *parts.Parts, link *guestlink.Link, shown *views.Service) *instances.Service {
	use := &instances.ImageUse{Operations: ops, Records: c.Records, Images: c.Images}
	published := &instances.Publisher{Operations: ops, Networks: e.Networks, Link: link, Records: c.Records, Listens: c.Listens}
	told := &instances.Environments{Operations: ops, Link: link, Records: c.Records, Resolver: c.Resolver}
	ready := &instances.Readiness{
		Operations: ops, Parts: made, Link: link, Proof: e.Proof, Publisher: published, Environments: told, Records: c.Records, Now: c.Now,
	}
	power := &instances.Power{
		Operations: ops, Networks: e.Networks, Pools: e.Pools, Parts: made, Link: link, Readiness: ready,
		Records: c.Records, Images: c.Images, Measure: c.Measure, Now: c.Now,
	}
	remover := &instances.Remover{
		Operations: ops, Parts: made, Environments: told, Records: c.Records, Now: c.Now,
	}
	return &instances.Service{
		Creator: &instances.Creator{
			Operations: ops, Networks: e.Networks, Pools: e.Pools, Tenants: e.Tenants, Keys: e.Tenants.Keys, Parts: made,
			Readiness: ready, Remover: remover, Environments: told, ImageUse: use, Records: c.Records, Images: c.Images,
			Measure: c.Measure, Wired: c.Wired, Now: c.Now,
		},
		Remover: remover, Power: power, Publisher: published, Environments: told, ImageUse: use, Service: shown,
		Changer: &instances.Changer{
			Operations: ops, Pools: e.Pools, Link: link, Power: power, ImageUse: use,
			Records: c.Records, Images: c.Images, Now: c.Now,
		},
		Fleet: &instances.Fleet{Operations: ops, Parts: made, Power: power, Records: c.Records, Now: c.Now},
	}
}
