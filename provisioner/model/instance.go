package model

import (
	"net/netip"
	"time"

	"holm/storage/keys"
)

// Summarize takes from an instance what a list shows of it.
func Summarize(inst Instance) Summary {
	return Summary{
		ID: inst.ID, Name: inst.Name, Tenant: inst.Tenant, State: inst.State, Address: inst.Address,
		Flavor: inst.Flavor.Name, Profile: inst.Profile, Image: inst.Image, ImageName: inst.ImageName,
		Unlocked: inst.Unlocked, Accel: inst.Accel, UUID: inst.UUID, BootID: inst.BootID, Created: inst.Created,
		ChecksPassed: inst.ChecksPassed, ChecksTotal: inst.ChecksTotal, Unverified: inst.Unverified,
	}
}

// State is where an instance stands, as holm last knew it.
type State string

// The states of an instance. What libvirt says of the domain at this moment is asked for separately.
const (
	Creating   State = "creating"
	Booting    State = "booting"
	Ready      State = "ready"
	Stopped    State = "stopped"
	Failed     State = "failed"
	Destroying State = "destroying"
)

// ImageRef names one image.
type ImageRef struct {
	Digest   string `json:"digest"` // "sha256:…"
	Name     string `json:"name"`
	Unlocked bool   `json:"unlocked,omitempty"`
}

// Instance is the record of one VPS: what was asked for, what was reserved for it and what was learnt of it.
type Instance struct {
	ID      string `json:"id"` // 12 lower-case hexadecimal digits, random
	Name    string `json:"name"`
	Tenant  string `json:"tenant"`
	State   State  `json:"state"`
	Failure string `json:"failure,omitempty"` // why State is Failed: one line

	Profile string `json:"profile"`
	Flavor  Flavor `json:"flavor"`

	Image     string `json:"image"`      // digest, "sha256:…"
	ImageName string `json:"image_name"` // "debian-13"
	Unlocked  bool   `json:"unlocked,omitempty"`

	// Previous is the image to return to while a rebuild has not proven the one above; nil at all other times.
	Previous *ImageRef `json:"previous,omitempty"`

	// Pool is where the state volume lives; "" is the state directory.
	Pool string `json:"pool,omitempty"`
	// Key opens the state volume, and is opened by its tenant's; nil for one that is not encrypted.
	Key *keys.Sealed `json:"key,omitempty"`
	// AllowDegraded: whoever made it knew that the pool's array was not whole, and wanted it all the same.
	AllowDegraded bool `json:"allow_degraded,omitempty"`
	// ResidencyOverride is the reason for which it may lie where its tenant's rule does not allow.
	ResidencyOverride string `json:"residency_override,omitempty"`

	Accel   string `json:"accel"`   // "kvm" or "tcg"
	Machine string `json:"machine"` // versioned machine type, "pc-q35-7.2"
	UUID    string `json:"uuid"`    // of the libvirt domain
	Domain  string `json:"domain"`  // name of the libvirt domain, "holm.<tenant>.<name>"

	// UID is the host's user, and group, under which its QEMU runs, the tenant's own; 0 is libvirt's, which all share: that of
	// an instance which was started last by a holm that knew no other.
	UID int `json:"uid,omitempty"`

	Network string `json:"network"` // name of the libvirt network
	MAC     string `json:"mac"`
	// Address is IPv4, and Address6 IPv6, of a /64; zero when it has none.
	Address   netip.Addr `json:"address"`
	Address6  netip.Addr `json:"address6,omitzero"`
	PrefixLen int        `json:"prefix_len"`
	Gateway   netip.Addr `json:"gateway"`
	// Nameservers are those of the day when it was made by a holm that told them once and for all; nobody reads them now.
	Nameservers []string `json:"nameservers,omitempty"`

	// Environment is what it is told of the world besides what its tenant and its host say.
	Environment Environment `json:"environment,omitzero"`

	// Exposed are the host's ports that lead to it.
	Exposed []Port `json:"exposed,omitempty"`

	User           string   `json:"user"`                      // login name inside the guest
	AuthorizedKeys []string `json:"authorized_keys,omitempty"` // besides holm's own key

	// APINames are what its Kubernetes API is called from outside, besides its own name and address.
	APINames []string `json:"api_names,omitempty"`

	// Learnt from the guest's first report.
	HostKey   string `json:"host_key,omitempty"` // "ssh-ed25519 AAAA…"
	MachineID string `json:"machine_id,omitempty"`
	Kernel    string `json:"kernel,omitempty"`
	BootID    string `json:"boot_id,omitempty"` // of the boot that was last seen ready
	// Undecided is how many files of /etc its owner had to look at then, as an image of another version had come.
	Undecided int `json:"undecided,omitempty"`

	// Parked: it was switched off because the host went down, and is started again with it.
	Parked bool `json:"parked,omitempty"`

	// Panics are when it was started again because its kernel had panicked, of late.
	Panics []time.Time `json:"panics,omitempty"`

	SeedAttached bool `json:"seed_attached,omitempty"` // the seed is not yet detached and deleted

	// Of the last time that it was held to its promises. What is not applicable on this host counts in neither.
	ChecksPassed int       `json:"checks_passed"`
	ChecksTotal  int       `json:"checks_total"`
	CheckedAt    time.Time `json:"checked_at,omitzero"`
	// Unverified instances are ready without having been held to their promises: whoever made it wanted that.
	Unverified bool `json:"unverified,omitempty"`

	Created    time.Time     `json:"created"`
	ReadyAt    time.Time     `json:"ready_at,omitzero"`
	ReadyAfter time.Duration `json:"ready_after,omitempty"` // from start to ready, nanoseconds in JSON
}

// Summary is what a list shows of an instance; it is kept in an index so that listing decodes little.
type Summary struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Tenant    string     `json:"tenant"`
	State     State      `json:"state"`
	Address   netip.Addr `json:"address"`
	Flavor    string     `json:"flavor"`
	Profile   string     `json:"profile"`
	Image     string     `json:"image"`
	ImageName string     `json:"image_name"`
	Unlocked  bool       `json:"unlocked,omitempty"`
	Accel     string     `json:"accel"`
	UUID      string     `json:"uuid"` // of the libvirt domain
	BootID    string     `json:"boot_id,omitempty"`
	Created   time.Time  `json:"created"`

	ChecksPassed int  `json:"checks_passed"`
	ChecksTotal  int  `json:"checks_total"`
	Unverified   bool `json:"unverified,omitempty"`
}
