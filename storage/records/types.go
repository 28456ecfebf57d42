package records

import (
	"errors"
	"time"

	"holm/storage/keys"
)

// Errors that every store returns, wrapped with the name or the id that was asked for.
var (
	// ErrNotFound means that no record has that name or id.
	ErrNotFound = errors.New("not found")
	// ErrExists means that the name is taken within its tenant.
	ErrExists = errors.New("exists already")
	// ErrRotated means that the tenant has another key by now than that with which something was sealed.
	ErrRotated = errors.New("sealed with a key that was rotated meanwhile")
	// ErrBusy means that another process held the database for longer than the store waits.
	ErrBusy = errors.New("the database is in use by another process")
)

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

// Flavor is a named size.
type Flavor struct {
	Name      string `json:"name"`
	VCPUs     int    `json:"vcpus"`
	MemoryMiB int    `json:"memory_mib"`
	DiskGiB   int    `json:"disk_gib"`
	Limits    Limits `json:"limits,omitzero"`
}

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

	Network   string `json:"network"` // name of the libvirt network
	MAC       string `json:"mac"`
	Address   string `json:"address"`            // IPv4, without prefix length
	Address6  string `json:"address6,omitempty"` // IPv6, of a /64; "" when it has none
	PrefixLen int    `json:"prefix_len"`
	Gateway   string `json:"gateway"`
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

// Port is one of the host's that leads to an instance.
type Port struct {
	Protocol string `json:"protocol"` // "tcp" or "udp"
	Host     uint16 `json:"host"`
	Guest    uint16 `json:"guest"`
}

// Summary is what a list shows of an instance; it is kept in an index so that listing decodes little.
type Summary struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Tenant    string    `json:"tenant"`
	State     State     `json:"state"`
	Address   string    `json:"address"`
	Flavor    string    `json:"flavor"`
	Profile   string    `json:"profile"`
	Image     string    `json:"image"`
	ImageName string    `json:"image_name"`
	Unlocked  bool      `json:"unlocked,omitempty"`
	Accel     string    `json:"accel"`
	UUID      string    `json:"uuid"` // of the libvirt domain
	BootID    string    `json:"boot_id,omitempty"`
	Created   time.Time `json:"created"`

	ChecksPassed int  `json:"checks_passed"`
	ChecksTotal  int  `json:"checks_total"`
	Unverified   bool `json:"unverified,omitempty"`
}

// Status is how far an operation has come.
type Status string

// The states of an operation. Running and Undoing are what a dead process leaves behind.
const (
	Running Status = "running"
	Undoing Status = "undoing"
	Done    Status = "done"
	Undone  Status = "undone"
	Stuck   Status = "stuck" // undoing failed: something was left behind
)

// Operation is one journaled change of one instance.
type Operation struct {
	ID       string    `json:"id"` // sorts by time: 16 hex digits of UnixNano, "-", 4 random
	Kind     string    `json:"kind"`
	Instance string    `json:"instance"` // instance id
	Tenant   string    `json:"tenant"`
	Name     string    `json:"name"`
	Status   Status    `json:"status"`
	Steps    []string  `json:"steps,omitempty"` // begun so far, in order; the last ones may not have finished
	Error    string    `json:"error,omitempty"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
}

// Host is what the operator has set for this machine.
type Host struct {
	// LabMode allows instances without hardware virtualization, which is no isolation boundary.
	LabMode bool `json:"lab_mode"`
	// Network and Subnet are where instances live; empty is holm's default.
	Network string `json:"network,omitempty"`
	Subnet  string `json:"subnet,omitempty"` // "10.77.0.0/24"
	// AddressPool is what the tenants' subnets are cut from; empty is holm's default.
	AddressPool string `json:"address_pool,omitempty"` // "10.200.0.0/16"
	// Metadata are addresses at which this cloud hands out credentials, besides those that holm knows.
	Metadata string `json:"metadata_addresses,omitempty"` // "192.0.2.254,2001:db8:fe::/48"
	// Users are what tenants' users are taken from; empty is holm's default.
	Users string `json:"users,omitempty"` // "2000000000-2000065535"
	// Pool is where volumes live when nobody says where; "" is the state directory.
	Pool string `json:"pool,omitempty"`
	// MemoryReserveMiB is kept for the host itself, and MemoryOvercommit is how many times the rest may be promised to
	// instances; 0 is holm's default.
	MemoryReserveMiB int     `json:"memory_reserve_mib,omitempty"`
	MemoryOvercommit float64 `json:"memory_overcommit,omitempty"`
	// Site and Jurisdiction are where this machine stands, in the operator's word: "NO-OSL1", "NO".
	Site         string `json:"site,omitempty"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Environment is what all instances here are told of the world.
	Environment Environment `json:"environment,omitzero"`
}

// PoolStatus is what the last look at a pool came to.
type PoolStatus string

// The states of a pool.
const (
	PoolHealthy  PoolStatus = "healthy"
	PoolDegraded PoolStatus = "degraded" // a drive is missing or being rebuilt: everything is there, on fewer copies
	PoolBroken   PoolStatus = "broken"   // gone, another file system, or no longer what is required
)

// PoolHealth is the verdict of a look at a pool.
type PoolHealth struct {
	Status PoolStatus `json:"status"`
	Why    string     `json:"why,omitempty"` // one line; "" when healthy
	Since  time.Time  `json:"since"`         // when it became so
	// Told: a person has heard of it, and need not hear it again at each command.
	Told bool `json:"told,omitempty"`
}

// Pool is where state volumes live, and what is demanded of the drives under it.
type Pool struct {
	Name    string   `json:"name"`
	Path    string   `json:"path"`    // the mount point, absolute; of a thin pool "VG/POOL"
	Backend string   `json:"backend"` // "qcow2", "reflink" or "lvm-thin"
	FSType  string   `json:"fs_type"`
	FSUUID  string   `json:"fs_uuid"` // of the file system that was there when the pool was added
	Require []string `json:"require,omitempty"`
	// Overcommit is how many times its capacity may be promised to instances; at least 1.
	Overcommit float64 `json:"overcommit"`

	Health PoolHealth `json:"health"`
	// The most that was ever promised to instances, and used of the file system, in bytes, as far as somebody looked.
	PromisedPeak uint64 `json:"promised_peak_bytes"`
	UsedPeak     uint64 `json:"used_peak_bytes"`

	// Site and Jurisdiction are where the drives stand, when that is not where the host does.
	Site         string `json:"site,omitempty"`
	Jurisdiction string `json:"jurisdiction,omitempty"`

	Added time.Time `json:"added"`
}
