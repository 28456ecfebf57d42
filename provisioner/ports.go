package provisioner

import (
	"context"
	"errors"
	"io"
	"time"

	"holm/internal/nft"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/storage/keys"
)

// Records is the memory of the provisioner. Every method is one transaction: it is durable when it returns.
// Implementation: storage/records (bbolt), which passes recordstest.
type Records interface {
	// Reserve stores a new instance together with the operation that will build it. The callback is given all
	// instances that exist (for addresses and quota) and completes inst inside the transaction; an error from it
	// aborts, and so does one from a rule. Fails with records.ErrExists when the name is taken in the tenant.
	Reserve(ctx context.Context, inst model.Instance, op model.Operation,
		admit func(existing []model.Instance, inst *model.Instance) error, rules ...model.Rule) (model.Instance, error)
	// Instance finds by tenant and name; records.ErrNotFound.
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
	// Update changes one instance in place; the callback must not keep the pointer.
	Update(ctx context.Context, id string, change func(*model.Instance) error) (model.Instance, error)
	// Resize changes one instance together with the operation that will make it so; the callback is given all the others.
	Resize(ctx context.Context, id string, op model.Operation,
		admit func(others []model.Instance, inst *model.Instance) error) (model.Instance, error)
	// Drop removes the instance's record. No error when it is gone already.
	Drop(ctx context.Context, id string) error
	// List returns the summaries, sorted by tenant and name; tenant "" means all.
	List(ctx context.Context, tenant string) ([]model.Summary, error)
	// Instances returns all instances in full, in no particular order.
	Instances(ctx context.Context) ([]model.Instance, error)

	// AddPool stores a new pool; the callback is given all others. Fails with records.ErrExists when the name is taken.
	AddPool(ctx context.Context, pool model.Pool, admit func(existing []model.Pool) error) error
	// Pool finds by name; records.ErrNotFound.
	Pool(ctx context.Context, name string) (model.Pool, error)
	// Pools returns all pools, sorted by name.
	Pools(ctx context.Context) ([]model.Pool, error)
	// UpdatePool changes one pool in place; the callback must not keep the pointer.
	UpdatePool(ctx context.Context, name string, change func(*model.Pool) error) (model.Pool, error)
	// DropPool removes the pool's record, if the rules allow it; the callback is given the instances that live in it.
	DropPool(ctx context.Context, name string, admit func(living []model.Instance) error, rules ...model.Rule) error

	// Host returns the settings of this machine; the zero value when none were made.
	Host(ctx context.Context) (model.Host, error)
	// SetHost changes the settings of this machine, if the rules allow it.
	SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error)

	// AddTenant stores a new tenant, if the rules allow it; the callback is given the others. Fails with records.ErrExists when
	// the name is taken.
	AddTenant(ctx context.Context, tenant model.Tenant, admit func(existing []model.Tenant) error, rules ...model.Rule) error
	// Tenant finds by name; records.ErrNotFound.
	Tenant(ctx context.Context, name string) (model.Tenant, error)
	// Tenants returns all tenants on record, sorted by name.
	Tenants(ctx context.Context) ([]model.Tenant, error)
	// UpdateTenant changes one tenant in place, with what its instances have in view.
	UpdateTenant(ctx context.Context, name string, change func(tenant *model.Tenant, used model.Resources) error) (model.Tenant, error)
	// TenantKeys returns what tenants' volumes are sealed with, sorted by tenant.
	TenantKeys(ctx context.Context) ([]model.TenantKey, error)
	// AddTenantKey stores a tenant's first key; records.ErrExists when it has one. The callback is given the others.
	AddTenantKey(ctx context.Context, key model.TenantKey, admit func(existing []model.TenantKey) error) error
	// RotateKey replaces a tenant's key, and what it has sealed of the tenant's instances, in one transaction.
	RotateKey(ctx context.Context, tenant string,
		reseal func(key *model.TenantKey, instances []model.Instance) error) (model.TenantKey, error)
	// ResealTenantKeys changes how the keys of all tenants are sealed, in one transaction.
	ResealTenantKeys(ctx context.Context, reseal func(key *model.TenantKey) error) error
	// DestroyKey takes the key of an instance's volume away; no error when it has none.
	DestroyKey(ctx context.Context, id string) (model.Instance, error)
	// Destroyed notes in the audit log what has become of an instance's volume.
	Destroyed(ctx context.Context, inst model.Instance, what string) error

	// DropTenant removes the tenant's record; the callback is given its instances.
	DropTenant(ctx context.Context, name string, admit func(living []model.Instance) error) error

	// TakeUser returns the user of a tenant; a tenant without one is given that which choose returns, in the same transaction.
	// choose is given all that were ever given to anybody.
	TakeUser(ctx context.Context, tenant string, now time.Time,
		choose func(given []model.TenantUser) (int, error)) (model.TenantUser, error)
	// Users returns all users that were ever given to a tenant.
	Users(ctx context.Context) ([]model.TenantUser, error)

	// SetFlavor stores a flavor in the place of another one of that name.
	SetFlavor(ctx context.Context, flavor model.Flavor) error
	// Flavors returns all that were stored, sorted by name.
	Flavors(ctx context.Context) ([]model.Flavor, error)
	// DropFlavor removes a stored flavor; records.ErrNotFound.
	DropFlavor(ctx context.Context, name string) error

	// PutOperation stores or replaces an operation. Of each instance the newest records.KeptOperations that have ended are kept.
	PutOperation(ctx context.Context, op model.Operation) error
	// Operations returns the operations of one instance that are kept, oldest first; instance "" means all.
	Operations(ctx context.Context, instance string) ([]model.Operation, error)
}

// HostKeys has the key with which tenants' keys are sealed. Implementation: keys.Keeper.
type HostKeys interface {
	// Key returns it. want is the id of the one that has sealed what is to be opened, "" when there is nothing yet; make says whether it
	// may be made now.
	Key(want string, make bool) (keys.Key, error)
	// Hold keeps others from exchanging it until release.
	Hold(ctx context.Context) (release func(), err error)
}

// Boot decides what the host mounts before it starts instances. Implementation: storage/mounts.
type Boot interface {
	// Order has instances wait for what is mounted at a path, for a pool of that name. It may be called again.
	Order(pool, path string) error
	// Unorder takes that back; no error when there is nothing.
	Unorder(pool string) error
}

// DomainState is what the hypervisor says of a domain now.
type DomainState string

// The states of a domain that matter here.
const (
	DomainAbsent  DomainState = "absent"
	DomainUnknown DomainState = "unknown" // libvirt cannot be reached; no hypervisor says so itself
	DomainOff     DomainState = "off"
	DomainRunning DomainState = "running"
	DomainPaused  DomainState = "paused"
	// DomainStalled is paused by the hypervisor itself, because a disk failed or has no space: DiskErrors says which, and
	// Resume lets the guest go on.
	DomainStalled DomainState = "stalled"
	DomainCrashed DomainState = "crashed"
)

// DiskFull is why a disk has failed for which the host had no space.
const DiskFull = "no space"

// Errors of the hypervisor, wrapped with details.
var (
	// ErrNoDomain means that no domain has that UUID.
	ErrNoDomain = errors.New("no such domain")
	// ErrNotOurs means that an object of that name exists and is not the one holm made.
	ErrNotOurs = errors.New("exists but does not belong to holm")
	// ErrUnreachable means that libvirt does not answer.
	ErrUnreachable = errors.New("cannot reach libvirt")
	// ErrUnsupported means that this hypervisor driver lacks the call.
	ErrUnsupported = errors.New("not supported by this hypervisor")
)

// DomainEvent is a change of a domain's state.
type DomainEvent struct {
	State  DomainState
	Reason string // "shutdown", "destroyed", "crashed", "io-error", …
}

// DomainStats are counters since the domain started. Bytes and nanoseconds.
type DomainStats struct {
	State       DomainState `json:"state"`
	CPUTimeNS   uint64      `json:"cpu_time_ns"`
	VCPUs       int         `json:"vcpus"`
	MemoryBytes uint64      `json:"memory_bytes"` // what the guest was given
	RSSBytes    uint64      `json:"rss_bytes"`    // what the host spends on it
	Disks       []DiskStats `json:"disks"`
	NICs        []NICStats  `json:"nics"`
}

// DiskStats are the counters of one disk. Allocated and Capacity come from QMP's block query.
type DiskStats struct {
	Target         string `json:"target"`
	Node           string `json:"node"`
	ReadOnly       bool   `json:"read_only"`
	Format         string `json:"format"`
	ReadBytes      uint64 `json:"read_bytes"`
	ReadRequests   uint64 `json:"read_requests"`
	WriteBytes     uint64 `json:"write_bytes"`
	WriteRequests  uint64 `json:"write_requests"`
	CapacityBytes  uint64 `json:"capacity_bytes"`
	AllocatedBytes uint64 `json:"allocated_bytes"`
}

// NICStats are the counters of one network interface.
type NICStats struct {
	Device    string `json:"device"`
	RxBytes   uint64 `json:"rx_bytes"`
	RxPackets uint64 `json:"rx_packets"`
	TxBytes   uint64 `json:"tx_bytes"`
	TxPackets uint64 `json:"tx_packets"`
}

// Hypervisor is libvirt as the provisioner needs it. Domains are identified by UUID, so that a domain of the same
// name that somebody else made is never touched. Implementations: provisioner/hypervisor (libvirt) and
// provisionertest.Hypervisor; both pass provisionertest.Conformance.
type Hypervisor interface {
	// Define makes a persistent domain from validated XML. Defining the same UUID and name again replaces it.
	// ErrNotOurs when the name belongs to a domain with another UUID.
	Define(ctx context.Context, xml string) error
	// Start boots a defined domain; no error when it runs already.
	Start(ctx context.Context, uuid string) error
	// SetSecret holds the key of a volume ready, by the domain's UUID, until RemoveSecret: Start of a domain with an encrypted
	// disk needs it, and only Start. Nobody can read it back. ErrUnsupported where the hypervisor keeps none.
	SetSecret(ctx context.Context, uuid, path string, value []byte) error
	// RemoveSecret forgets it; no error when there is none.
	RemoveSecret(ctx context.Context, uuid string) error
	// Shutdown asks the guest to power off and returns at once; no error when it is off.
	Shutdown(ctx context.Context, uuid string) error
	// Destroy cuts the power; no error when the domain is off or absent.
	Destroy(ctx context.Context, uuid string) error
	// Undefine removes the definition; no error when the domain is absent.
	Undefine(ctx context.Context, uuid string) error
	// State never fails for an absent domain: it is DomainAbsent.
	State(ctx context.Context, uuid string) (DomainState, error)
	// States returns the state of every domain of this host by UUID, in one call.
	States(ctx context.Context) (map[string]DomainState, error)
	// SwitchedOff returns the domains that are off because their guests have powered off, by UUID, as far as this hypervisor
	// remembers: not past its own restart, nor the host's.
	SwitchedOff(ctx context.Context) (map[string]bool, error)
	// Watch delivers the domain's state changes until ctx ends, then closes the channel. The first event is the
	// state at the time of the call.
	Watch(ctx context.Context, uuid string) (<-chan DomainEvent, error)
	// DetachDisk takes a disk by its target name ("vdc") out of the definition and, when the domain runs, out of
	// the guest; live tells whether the running guest let go of it before ctx ended.
	DetachDisk(ctx context.Context, uuid, target string) (live bool, err error)
	// ResizeDisk tells a running guest that a disk, by its target name, has that many bytes, and makes it so when the disk
	// is a file; a block device has to have them already. No error when it has that size; a fault of kind Usage when it
	// has more. An error for a domain that does not run.
	ResizeDisk(ctx context.Context, uuid, target string, bytes uint64) error
	// DiskErrors returns the disks of a running domain that have failed, by target name, with DiskFull or another word for
	// why. It says why a domain has stalled; that one did stall is not forgotten when it goes on.
	DiskErrors(ctx context.Context, uuid string) (map[string]string, error)
	// Resume lets a paused or stalled domain go on; no error when it runs. What stalled it is tried again at once, and
	// stalls it again when nothing has changed.
	Resume(ctx context.Context, uuid string) error
	// Channel opens the virtio port of that name exclusively. Reads end with io.EOF when the domain stops.
	Channel(ctx context.Context, uuid, port string) (io.ReadWriteCloser, error)
	// Console opens the serial console exclusively.
	Console(ctx context.Context, uuid string) (io.ReadWriteCloser, error)
	// LiveXML describes the running domain as it is now, with what libvirt has added and without what was detached; an
	// error for one that does not run.
	LiveXML(ctx context.Context, uuid string) (string, error)
	// Stats reads the counters of a running domain.
	Stats(ctx context.Context, uuid string) (DomainStats, error)

	// EnsureFilter makes the network filter of that name when there is none. ErrUnsupported where the hypervisor has none.
	EnsureFilter(ctx context.Context, name, xml string) error
	// RemoveFilter removes the filter of that name; no error when it is absent, and none when domains use it, which keep it.
	RemoveFilter(ctx context.Context, name string) error
	// CheckNetwork is ErrNotOurs when the name, the UUID or the bridge of the network belongs to somebody else, or the network to
	// another state directory; no error when nobody has them. It changes nothing.
	CheckNetwork(ctx context.Context, xml string) error
	// EnsureNetwork makes the network and starts it when it is not there; no error when it is there and is holm's
	// (same UUID). ErrNotOurs as CheckNetwork. A fault of kind Busy when it has another bridge, and domains hang on that.
	EnsureNetwork(ctx context.Context, xml string) error
	// RemoveNetwork stops and removes the network with that UUID; no error when it is absent, and none when domains are
	// attached to it, which keep it: then it is not gone.
	RemoveNetwork(ctx context.Context, uuid string) (gone bool, err error)
}

// Firewall is the packet filter of the host. Implementation: network.Firewall.
type Firewall interface {
	// Apply carries out all commands of the ruleset or none.
	Apply(ctx context.Context, r nft.Ruleset) error
	// Settle has the rest of the kernel follow a network's rules, which are in force: it forwards, and connections from before
	// go by what is published now. It is to be called again when the network has been made.
	Settle(ctx context.Context, n network.Network, guests []network.Guest) error
	// Look compares what the kernel has of each network's rules with what it is to have, in that order. It changes nothing.
	Look(ctx context.Context, all []network.Wanted) ([]network.Walls, error)
}
