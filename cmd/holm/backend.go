package main

import (
	"context"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/host"
	"holm/images"
	"holm/provisioner"
	"holm/provisioner/bounds"
	"holm/provisioner/doctor"
	"holm/provisioner/environment"
	"holm/provisioner/hosts"
	"holm/provisioner/hypervisor"
	"holm/provisioner/hypervisor/libvirt"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/tenants"
	"holm/provisioner/uids"
	"holm/provisioner/verify"
	"holm/storage/keys"
	"holm/storage/mounts"
	"holm/storage/pools"
	"holm/storage/records"
	"holm/storage/volumes"
)

// backend connects the provisioner to libvirt, the image store, the records and the host.
type backend struct {
	settings cli.Settings
	records  *records.Bolt
	libvirt  *libvirt.Host // nil until it is first needed
}

func newProvisioner(ctx context.Context, s cli.Settings) (*provisioner.Engine, error) {
	b := &backend{settings: s, records: records.Open(database(s))}
	host, err := b.records.Host(ctx)
	if err != nil {
		return nil, err
	}
	where, err := hostNetwork(host)
	if err != nil {
		return nil, err
	}
	config := provisioner.Config{
		Dir: s.State, Records: b.records, Images: images.Open(filepath.Join(s.State, "images")),
		Connect: func(ctx context.Context) (hypervisor.Driver, error) { return b.connect(ctx) },
		Inspect: verify.System().Run, Measure: b.meter().Measure, Look: lookUnder, Health: pools.Looker{}.AskHealth,
		Boot:    mounts.Systemd{State: s.State},
		Network: where, Crash: crashPoint(), Now: time.Now,
		HostKey:  hostKeeper(s),
		Firewall: network.Firewall{}, MaxFlows: network.MaxFlows(proc()), Wired: network.Wired, Routes: hostRoutes, Listens: network.Listens,
		Resolver: hostResolver,
	}
	if !strings.HasSuffix(s.Connect, "/session") {
		config.Users, config.Bound = uids.System{}, bounds.Here().Hold
	}
	return provisioner.New(config), nil
}

// hostKeeper has the key of this host.
func hostKeeper(s cli.Settings) keys.Keeper {
	keeper := keys.At(s.State, os.Getenv("CREDENTIALS_DIRECTORY"))
	keeper.Crash = crashPoint()
	return keeper
}

// keyRing is the host's key with what it has sealed.
type keyRing struct {
	keys.Keeper
	book keys.Book
}

func newKeyRing(s cli.Settings) host.Keeper {
	return keyRing{hostKeeper(s), tenants.Sealed{Book: records.Open(database(s))}}
}

func (k keyRing) State(ctx context.Context) (keys.State, error) { return k.Keeper.State(ctx, k.book) }

func (k keyRing) Lock(ctx context.Context, pass []byte) error {
	return k.Keeper.Lock(ctx, pass, k.book)
}

func (k keyRing) Unlock(ctx context.Context, pass []byte) error {
	return k.Keeper.Unlock(ctx, pass, k.book)
}

func (k keyRing) Release(ctx context.Context, pass []byte) error {
	return k.Keeper.Release(ctx, pass, k.book)
}

// proc is the kernel's view of this host.
func proc() fs.FS { return os.DirFS("/proc") }

// hostNetwork is where instances live on this host, unless their tenant has a network of its own. The host's addresses of metadata are
// asked for when rules are made.
func hostNetwork(host model.Host) (network.Network, error) {
	n, err := network.Default(), error(nil)
	if host.Network != "" {
		n, err = network.Recorded(host.Network, host.Subnet)
	}
	if network.WhyNotIPv6(proc()) != "" {
		n.Subnet6 = netip.Prefix{}
	}
	return n, err
}

// hostResolver is this host's own resolver. At an address of the host itself, whichever, guests are not served.
func hostResolver() environment.Resolver {
	own := map[netip.Addr]bool{}
	addresses, _ := net.InterfaceAddrs() // none are known: loopback is told by its number
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			own[prefix.Addr().Unmap()] = true
		}
	}
	return environment.Look(os.DirFS("/"), func(a netip.Addr) bool { return own[a] })
}

func hostRoutes() ([]netip.Prefix, error) {
	routes, err := network.Routes(proc())
	all := make([]netip.Prefix, len(routes))
	for i, r := range routes {
		all[i] = r.To
	}
	return all, err
}

// lookUnder looks at what a pool stands on.
func lookUnder(ctx context.Context, pool model.Pool) (pools.Tree, error) {
	if pool.Backend == volumes.LVMThin {
		return pools.Looker{}.LookThin(ctx, pool.Path)
	}
	return pools.Looker{}.Look(ctx, pool.Path)
}

// dialWithin is how long libvirt may take to answer: it may have to be started first, and one that hangs never does.
const dialWithin = 30 * time.Second

// connect reaches libvirt once and for all; the connection ends with the process.
func (b *backend) connect(ctx context.Context) (*libvirt.Host, error) {
	if b.libvirt == nil {
		ctx, cancel := context.WithTimeout(ctx, dialWithin)
		defer cancel()
		h, err := libvirt.Connect(ctx, b.settings.Connect)
		if err != nil {
			return nil, err
		}
		b.libvirt = h
	}
	return b.libvirt, nil
}

// meter looks at the host on which instances are to run.
func (b *backend) meter() hosts.Meter {
	return hosts.Meter{
		Dir: b.settings.State,
		Machines: func(ctx context.Context) ([]string, error) {
			h, err := b.connect(ctx)
			if err != nil {
				return nil, err
			}
			info, err := h.Info(ctx)
			return info.Machines, err
		},
		TryKVM: func(ctx context.Context) (bool, string) { return doctor.KVM(ctx, doctorOptions(ctx, b.settings)) },
	}
}
