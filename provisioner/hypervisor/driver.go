package hypervisor

import (
	"context"
	"io"
)

// DiskFull is why a disk has failed for which the host had no space.
const DiskFull = "no space"

// Driver is libvirt as the provisioner needs it. Domains are identified by UUID, so that a domain of the same
// name that somebody else made is never touched. Implementations: hypervisor/libvirt and
// hypervisortest.Hypervisor; both pass hypervisortest.Conformance.
type Driver interface {
	Domains
	Observer
	Disks
	Secrets
	Streams
	Networks
}

// Domains are machines that are defined, and run or do not.
type Domains interface {
	// Define makes a persistent domain from validated XML. Defining the same UUID and name again replaces it.
	// ErrNotOurs when the name belongs to a domain with another UUID.
	Define(ctx context.Context, xml string) error
	// Undefine removes the definition; no error when the domain is absent.
	Undefine(ctx context.Context, uuid string) error
	// Start boots a defined domain; no error when it runs already.
	Start(ctx context.Context, uuid string) error
	// Shutdown asks the guest to power off and returns at once; no error when it is off.
	Shutdown(ctx context.Context, uuid string) error
	// Destroy cuts the power; no error when the domain is off or absent.
	Destroy(ctx context.Context, uuid string) error
	// Resume lets a paused or stalled domain go on; no error when it runs. What stalled it is tried again at once, and
	// stalls it again when nothing has changed.
	Resume(ctx context.Context, uuid string) error
}

// Observer says how domains are.
type Observer interface {
	// State never fails for an absent domain: it is DomainAbsent.
	State(ctx context.Context, uuid string) (State, error)
	// States returns the state of every domain of this host by UUID, in one call.
	States(ctx context.Context) (map[string]State, error)
	// SwitchedOff returns the domains that are off because their guests have powered off, by UUID, as far as this hypervisor
	// remembers: not past its own restart, nor the host's.
	SwitchedOff(ctx context.Context) (map[string]bool, error)
	// Watch delivers the domain's state changes until ctx ends, then closes the channel. The first event is the
	// state at the time of the call.
	Watch(ctx context.Context, uuid string) (<-chan Event, error)
	// LiveXML describes the running domain as it is now, with what libvirt has added and without what was detached; an
	// error for one that does not run.
	LiveXML(ctx context.Context, uuid string) (string, error)
	// Stats reads the counters of a running domain.
	Stats(ctx context.Context, uuid string) (Stats, error)
}

// Disks are what domains have of storage.
type Disks interface {
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
}

// Secrets open encrypted disks.
type Secrets interface {
	// SetSecret holds the key of a volume ready, by the domain's UUID, until RemoveSecret: Start of a domain with an encrypted
	// disk needs it, and only Start. Nobody can read it back. ErrUnsupported where the hypervisor keeps none.
	SetSecret(ctx context.Context, uuid, path string, value []byte) error
	// RemoveSecret forgets it; no error when there is none.
	RemoveSecret(ctx context.Context, uuid string) error
}

// Streams lead into a running domain.
type Streams interface {
	// Channel opens the virtio port of that name exclusively. Reads end with io.EOF when the domain stops.
	Channel(ctx context.Context, uuid, port string) (io.ReadWriteCloser, error)
	// Console opens the serial console exclusively.
	Console(ctx context.Context, uuid string) (io.ReadWriteCloser, error)
}

// Networks are what domains hang on.
type Networks interface {
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
