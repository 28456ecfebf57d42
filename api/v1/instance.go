package v1

import "time"

// InstanceBase is what was asked for an instance, what was reserved for it and what was learnt of it. `create --dry-run` prints it
// alone, as there is nothing more yet.
type InstanceBase struct {
	// ID is 12 lower-case hexadecimal digits, given once.
	ID string `json:"id"`
	// Name is unique within the tenant.
	Name string `json:"name"`
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// State is the one on record: "creating", "booting", "ready", "stopped", "failed", "destroying".
	State string `json:"state"`
	// Failure is why the state is "failed", in one line.
	Failure string `json:"failure,omitempty"`
	// Profile is what container host it is: "plain", "docker", "k3s".
	Profile string `json:"profile"`
	// Flavor is the size that it was made with, or resized to.
	Flavor Flavor `json:"flavor"`
	// Image is the digest of what it boots from: "sha256:…".
	Image string `json:"image"`
	// ImageName is the image's name: "debian-13".
	ImageName string `json:"image_name"`
	// Unlocked: the packages of its image differ from the image's lock file.
	Unlocked bool `json:"unlocked,omitempty"`
	// Previous is the image to return to while a rebuild has not proven the new one.
	Previous *ImageRef `json:"previous,omitempty"`
	// Pool is where the state volume lies; left out for the state directory.
	Pool string `json:"pool,omitempty"`
	// Key opens the state volume; left out when it is not encrypted.
	Key *SealedKey `json:"key,omitempty"`
	// AllowDegraded: it was made although the pool's array was not whole.
	AllowDegraded bool `json:"allow_degraded,omitempty"`
	// ResidencyOverride is why it may lie where its tenant's rule does not allow.
	ResidencyOverride string `json:"residency_override,omitempty"`
	// Accel is "kvm", or "tcg" for emulation, which is no isolation boundary.
	Accel string `json:"accel"`
	// Machine is the versioned machine type: "pc-q35-7.2".
	Machine string `json:"machine"`
	// UUID is the libvirt domain's.
	UUID string `json:"uuid"`
	// Domain is the libvirt domain's name.
	Domain string `json:"domain"`
	// UID is the host's user, and group, under which its QEMU runs; left out for libvirt's own.
	UID int `json:"uid,omitempty"`
	// Network is the name of the libvirt network.
	Network string `json:"network"`
	// MAC is the hardware address of its interface.
	MAC string `json:"mac"`
	// Address is its IPv4 address, without prefix length.
	Address string `json:"address"`
	// Address6 is its IPv6 address, of a /64; left out when it has none.
	Address6 string `json:"address6,omitempty"`
	// PrefixLen is that of the IPv4 subnet, in bits.
	PrefixLen int `json:"prefix_len"`
	// Gateway is its IPv4 router.
	Gateway string `json:"gateway"`
	// Nameservers are those that an earlier holm told it once and for all; what it is told now is in in_force.
	Nameservers []string `json:"nameservers,omitempty"`
	// Environment is what is set for this instance alone.
	Environment Environment `json:"environment,omitzero"`
	// Exposed are the host's ports that lead to it.
	Exposed []Port `json:"exposed,omitempty"`
	// User is the login name inside.
	User string `json:"user"`
	// AuthorizedKeys may log in besides holm's own key; each is a line of OpenSSH's form.
	AuthorizedKeys []string `json:"authorized_keys,omitempty"`
	// APINames are what its Kubernetes API is called from outside.
	APINames []string `json:"api_names,omitempty"`
	// HostKey is its SSH host key, as it said itself: "ssh-ed25519 AAAA…".
	HostKey string `json:"host_key,omitempty"`
	// MachineID is its /etc/machine-id.
	MachineID string `json:"machine_id,omitempty"`
	// Kernel is the release that runs in it.
	Kernel string `json:"kernel,omitempty"`
	// BootID is that of the boot that was last seen ready.
	BootID string `json:"boot_id,omitempty"`
	// Undecided is how many files of /etc its owner has to look at, since an image of another version came.
	Undecided int `json:"undecided,omitempty"`
	// Parked: it was switched off because the host went down, and is started again with it.
	Parked bool `json:"parked,omitempty"`
	// Panics are when it was started again because its kernel had panicked, of late.
	Panics []time.Time `json:"panics,omitempty"`
	// SeedAttached: the seed of its first boot is not yet detached and deleted.
	SeedAttached bool `json:"seed_attached,omitempty"`
	// ChecksPassed is how many checks passed when it was last verified.
	ChecksPassed int `json:"checks_passed"`
	// ChecksTotal is how many checks were applicable then.
	ChecksTotal int `json:"checks_total"`
	// CheckedAt is when that was; left out when it never was.
	CheckedAt time.Time `json:"checked_at,omitzero"`
	// Unverified: whoever made it wanted it ready without any check.
	Unverified bool `json:"unverified,omitempty"`
	// Created is when it was reserved.
	Created time.Time `json:"created"`
	// ReadyAt is when it was last ready; left out when it never was.
	ReadyAt time.Time `json:"ready_at,omitzero"`
	// ReadyAfter is how long that took from its start, in nanoseconds.
	ReadyAfter int64 `json:"ready_after,omitempty"`
}

// Instance is all that is known of one: what is on record, and how it is now.
type Instance struct {
	InstanceBase
	// DomainState is what the hypervisor says now: "absent", "off", "running", "paused", "stalled", "crashed", "unknown".
	DomainState string `json:"domain_state"`
	// Status is the word for people, of both: "ready", "booting", "stopped", "failed", "creating", "broken" …
	Status string `json:"status"`
	// Now is how the guest is when that is not what is on record, or why nobody knows.
	Now string `json:"now,omitempty"`
	// Stalled is why the hypervisor paused it because of a disk.
	Stalled string `json:"stalled,omitempty"`
	// Wrong are the parts of it that are not as they are on record.
	Wrong []PartFinding `json:"wrong,omitempty"`
	// InForce is what it is told of the world at its next start, without passwords.
	InForce InForce `json:"in_force"`
	// VolumeBytes is what the state volume takes in its pool, in bytes; 0 when that cannot be told.
	VolumeBytes int64 `json:"volume_bytes"`
	// Operation is the id of the operation that has changed it, where the verb made a change.
	Operation string `json:"operation,omitempty"`
}

// InstanceList is any number of instances in full, as verbs print that change some.
type InstanceList struct {
	// Instances are in the order in which they were named.
	Instances []Instance `json:"instances"`
}

// InstanceSummary is an instance in a list.
type InstanceSummary struct {
	// ID is 12 lower-case hexadecimal digits, given once.
	ID string `json:"id"`
	// Name is unique within the tenant.
	Name string `json:"name"`
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// State is the one on record, as in an instance.
	State string `json:"state"`
	// Address is its IPv4 address, without prefix length.
	Address string `json:"address"`
	// Flavor is the name of its size.
	Flavor string `json:"flavor"`
	// Profile is what container host it is.
	Profile string `json:"profile"`
	// Image is the digest of what it boots from: "sha256:…".
	Image string `json:"image"`
	// ImageName is the image's name.
	ImageName string `json:"image_name"`
	// Unlocked: the packages of its image differ from the image's lock file.
	Unlocked bool `json:"unlocked,omitempty"`
	// Accel is "kvm" or "tcg".
	Accel string `json:"accel"`
	// UUID is the libvirt domain's.
	UUID string `json:"uuid"`
	// BootID is that of the boot that was last seen ready.
	BootID string `json:"boot_id,omitempty"`
	// Created is when it was reserved.
	Created time.Time `json:"created"`
	// ChecksPassed is how many checks passed when it was last verified.
	ChecksPassed int `json:"checks_passed"`
	// ChecksTotal is how many checks were applicable then.
	ChecksTotal int `json:"checks_total"`
	// Unverified: whoever made it wanted it ready without any check.
	Unverified bool `json:"unverified,omitempty"`
	// Status is the word for people, of the record and the hypervisor, as in an instance.
	Status string `json:"status"`
}

// InstanceSummaries is what `ls` prints.
type InstanceSummaries struct {
	// Instances are those of all tenants, or of the one that was named.
	Instances []InstanceSummary `json:"instances"`
}

// RemovedInstance is what is left to say of an instance that is gone.
type RemovedInstance struct {
	// Name is the one that it had.
	Name string `json:"name"`
	// Tenant is whom it belonged to.
	Tenant string `json:"tenant"`
	// Status is "removed".
	Status string `json:"status"`
	// Operation is the id of the operation that has removed it.
	Operation string `json:"operation,omitempty"`
}

// RemovedInstances is what `rm` prints.
type RemovedInstances struct {
	// Instances are those that are gone, in the order in which they were named.
	Instances []RemovedInstance `json:"instances"`
}

// ImageRef names one image.
type ImageRef struct {
	// Digest is "sha256:…".
	Digest string `json:"digest"`
	// Name is the image's.
	Name string `json:"name"`
	// Unlocked: its packages differ from its lock file.
	Unlocked bool `json:"unlocked,omitempty"`
}

// SealedKey is a key that another key opens.
type SealedKey struct {
	// ID names the key inside.
	ID string `json:"id"`
	// By names the key that opens it.
	By string `json:"by"`
	// Box is nonce, ciphertext and tag, in base64; left out once the key was destroyed.
	Box []byte `json:"box,omitempty"`
}

// SeededFiles is what `show --files` prints.
type SeededFiles struct {
	// Files are those that the seed makes in the instance.
	Files []SeededFile `json:"files"`
}

// SeededFile is one of them.
type SeededFile struct {
	// Path is absolute.
	Path string `json:"path"`
	// Mode is four octal digits.
	Mode string `json:"mode"`
	// Purpose is what it is for, in a sentence.
	Purpose string `json:"purpose"`
}

// PartFinding is a part of an instance that is not as it is on record.
type PartFinding struct {
	// Part is its name: "folder", "network", "seed", "volume", "key", "domain", "power".
	Part string `json:"part"`
	// What is wrong with it, in a few words.
	What string `json:"what"`
}
