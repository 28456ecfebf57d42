package provisioner

import (
	"time"

	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
)

// CreateSpec is what a person asks for. Everything in it is untrusted until it has been admitted.
type CreateSpec struct {
	Name    string
	Tenant  string // "" is DefaultTenant
	Profile string // "" is DefaultProfile
	Flavor  string // "" is DefaultFlavor
	Image   string // name, digest or prefix; "" is DefaultImage, or for profile k3s the one with k3s in it
	User    string // login name in the guest; "" is DefaultUser

	// These override the flavor when they are not zero.
	VCPUs     int
	MemoryMiB int
	DiskGiB   int

	// NoVerify makes an instance that is ready without having been held to its promises, now and at later starts.
	NoVerify bool

	Pool string // where its volume is to lie; "" is the host's own pool, and without one the state directory
	// AllowDegraded takes a pool that has lost a drive; it is recorded.
	AllowDegraded bool
	// ResidencyOverride is the reason to let it lie where its tenant's rule does not allow; it is recorded.
	ResidencyOverride string

	AuthorizedKeys []string // besides holm's own key, in authorized_keys format
	APINames       []string // names and addresses by which the API of a k3s instance is reached from outside

	Environment environment.Change // what it is told of the world besides what its tenant and its host say
}

// Defaults of CreateSpec.
const (
	DefaultTenant  = model.DefaultTenant
	DefaultProfile = "docker"
	DefaultFlavor  = "small"
	DefaultImage   = "debian-13"
	DefaultUser    = "ops"
)

// Phase is how far a step has come.
type Phase string

// The phases of a step. Noted carries a changed text for a step that goes on.
const (
	Begun    Phase = "begun"
	Noted    Phase = "noted"
	Finished Phase = "finished"
	Broken   Phase = "broken"
	Undone   Phase = "undone"
)

// Event tells whoever watches what a long operation is doing. The steps of create are, in order: admitted, reserved,
// network, volume, seed, defined, started, booting, verified, ready. Text is for people; it may be empty.
type Event struct {
	Step    string
	Phase   Phase
	Text    string
	Elapsed time.Duration
}

// Observer is called for each event, never from two goroutines at once. Nil means that nobody watches.
type Observer func(Event)

// View is an instance as it is shown: its record and what the hypervisor says now.
type View struct {
	model.Instance
	DomainState hypervisor.State `json:"domain_state"`
	// Status is the word for people: ready, booting, stopped, failed, creating, "broken" (record and domain disagree).
	Status string `json:"status"`
	// Now says how the guest is, when that is not what is on record, or why nobody knows.
	Now string `json:"now,omitempty"`
	// Stalled says why it is paused, when the hypervisor paused it because of a disk.
	Stalled string `json:"stalled,omitempty"`
	// InForce is what it is told of the world at its next start, without passwords.
	InForce environment.InForce `json:"in_force"`
	// VolumeBytes is what the state volume takes in its pool; 0 when that cannot be told.
	VolumeBytes int64 `json:"volume_bytes"`
}

// Row is an instance in a list.
type Row struct {
	model.Summary
	Status string `json:"status"`
}
