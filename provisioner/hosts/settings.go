package hosts

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"holm/internal/fault"
	"holm/provisioner/environment"
	"holm/provisioner/memory"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/provisioner/networks"
	"holm/provisioner/pools"
	"holm/provisioner/residency"
	"holm/provisioner/uids"
)

// SettingsStore keeps what is set for this machine. Implementation: storage/records.
type SettingsStore interface {
	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
	// SetHost asks the rules in the transaction that makes the change.
	SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error)
	// Around is all that is on record.
	Around(ctx context.Context) (model.Around, error)
}

// Settings are what is set for this machine. They need no hypervisor: a setting can be what keeps holm from reaching one.
type Settings struct {
	Records SettingsStore
	// Others says who has users of this host.
	Others func() ([]uids.Claim, error)
	// Enforce has the kernel's rules of instances' networks go by what was set.
	Enforce func(ctx context.Context) error
}

// Change is what an operator sets for this machine; what is nil or zero stays as it is.
type Change struct {
	LabMode         *bool
	Network, Subnet string // both, or none
	AddressPool     string // what tenants' subnets are cut from
	Metadata        *string
	Users           string  // what tenants' users are taken from
	Pool            *string // "" is the state directory
	Site            string
	Jurisdiction    string

	MemoryOvercommit float64
	MemoryReserveMiB int
	Environment      environment.Change
}

// Empty tells whether nothing is to be set.
func (c Change) Empty() bool {
	return c.LabMode == nil && c.Network == "" && c.Subnet == "" && c.AddressPool == "" && c.Metadata == nil && c.Users == "" &&
		c.Pool == nil && c.Site == "" && c.Jurisdiction == "" && c.MemoryOvercommit == 0 && c.MemoryReserveMiB == 0 && c.Environment.Empty()
}

// Show is what is set.
func (s Settings) Show(ctx context.Context) (model.Host, error) { return s.Records.Host(ctx) }

// Plan says what Set would come to. It changes nothing.
func (s Settings) Plan(ctx context.Context, c Change) (model.Host, error) {
	rules, err := s.admit(c)
	if err != nil {
		return model.Host{}, err
	}
	around, err := s.Records.Around(ctx)
	if err != nil {
		return model.Host{}, err
	}
	for _, rule := range rules {
		if err := rule(around); err != nil {
			return model.Host{}, err
		}
	}
	return around.Host, c.apply(&around.Host)
}

// Set makes the change if all that is on record allows it.
func (s Settings) Set(ctx context.Context, c Change) (model.Host, error) {
	rules, err := s.admit(c)
	if err != nil {
		return model.Host{}, err
	}
	host, err := s.Records.SetHost(ctx, c.apply, rules...)
	if err == nil && c.Metadata != nil {
		err = s.Enforce(ctx)
	}
	return host, err
}

// admit refuses what cannot be set on any machine, and users that somebody else has on this one. What it returns has to hold when the
// change is made.
func (s Settings) admit(c Change) ([]model.Rule, error) {
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.place(), c.overcommit()); err != nil {
		return nil, err
	}
	if c.AddressPool != "" {
		if _, err := network.ParsePool(c.AddressPool); err != nil {
			return nil, err
		}
	}
	if c.Metadata != nil {
		if _, err := network.ParseMetadata(*c.Metadata); err != nil {
			return nil, err
		}
	}
	return rules, s.freeUsers(c.Users)
}

// rules are what has to be so of all that is on record when the change is made. It refuses a network that libvirt could not make.
func (c Change) rules() (rules []model.Rule, err error) {
	if (c.Network == "") != (c.Subnet == "") {
		return nil, fault.New(fault.Usage, "write for example: holm host set --network holm-b --subnet 10.78.0.0/24",
			"--network and --subnet belong together")
	}
	if c.Network != "" {
		n, err := network.Named(c.Network, c.Subnet)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(network.RefuseTenants(n.Name), network.RefuseInner(n.Subnet)); err != nil {
			return nil, err
		}
		rules = append(rules, networks.MayHaveNetwork(n))
	}
	if c.Pool != nil && *c.Pool != "" {
		rules = append(rules, pools.MayHavePool(*c.Pool))
	}
	return rules, nil
}

// place refuses a site and a jurisdiction that there are not.
func (c Change) place() error {
	if c.Site != "" {
		if _, err := residency.ParseSite(c.Site); err != nil {
			return err
		}
	}
	if c.Jurisdiction == "" {
		return nil
	}
	_, err := residency.ParseJurisdiction(c.Jurisdiction)
	return err
}

func (c Change) overcommit() error {
	if c.MemoryOvercommit != 0 && !(c.MemoryOvercommit >= 1 && c.MemoryOvercommit <= memory.MaxOvercommit) {
		return fault.New(fault.Usage, "give another: --memory-overcommit FACTOR", "memory cannot be promised %s times: use 1 to %d",
			strconv.FormatFloat(c.MemoryOvercommit, 'g', 4, 64), memory.MaxOvercommit)
	}
	return nil
}

// freeUsers refuses users that somebody else on this host has.
func (s Settings) freeUsers(text string) error {
	if text == "" {
		return nil
	}
	r, err := uids.ParseRange(text)
	if err != nil {
		return err
	}
	others, err := s.Others()
	if err != nil {
		return err
	}
	return r.Clash(others)
}

func (c Change) apply(h *model.Host) error {
	if c.Metadata != nil {
		h.Metadata = *c.Metadata
	}
	if c.LabMode != nil {
		h.LabMode = *c.LabMode
	}
	if c.Network != "" {
		n, err := network.Named(c.Network, c.Subnet)
		if err != nil {
			return err
		}
		h.Network, h.Subnet = n.Name, n.Subnet
	}
	if c.Pool != nil {
		h.Pool = *c.Pool
	}
	if c.AddressPool != "" {
		pool, err := network.ParsePool(c.AddressPool)
		if err != nil {
			return err
		}
		h.AddressPool = pool
	}
	h.Users = cmp.Or(c.Users, h.Users)
	h.MemoryOvercommit, h.MemoryReserveMiB = cmp.Or(c.MemoryOvercommit, h.MemoryOvercommit), cmp.Or(c.MemoryReserveMiB, h.MemoryReserveMiB)
	h.Site, h.Jurisdiction = cmp.Or(c.Site, h.Site), cmp.Or(c.Jurisdiction, h.Jurisdiction)
	return c.Environment.Apply(&h.Environment)
}
