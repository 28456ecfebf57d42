package v1

import "time"

// Pool is where state volumes live: what is set for it, and what a look at it found.
type Pool struct {
	// Name is unique on the host.
	Name string `json:"name"`
	// Path is the mount point, absolute; of a thin pool "VG/POOL".
	Path string `json:"path"`
	// Backend is "qcow2", "reflink" or "lvm-thin".
	Backend string `json:"backend"`
	// FSType is the file system's: "xfs".
	FSType string `json:"fs_type"`
	// FSUUID is that of the file system that was there when the pool was added.
	FSUUID string `json:"fs_uuid"`
	// Require is what is demanded of the drives under it.
	Require []string `json:"require,omitempty"`
	// Overcommit is how many times its capacity may be promised to instances; at least 1.
	Overcommit float64 `json:"overcommit"`
	// Health is what the last look came to.
	Health PoolHealth `json:"health"`
	// PromisedPeak is the most that was ever promised to instances, in bytes.
	PromisedPeak uint64 `json:"promised_peak_bytes"`
	// UsedPeak is the most that was ever seen used of the file system, in bytes.
	UsedPeak uint64 `json:"used_peak_bytes"`
	// Site is where the drives stand, when that is not where the host does.
	Site string `json:"site,omitempty"`
	// Jurisdiction is whose law holds there, two letters, when it is not the host's.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Added is when it became a pool.
	Added time.Time `json:"added"`
	// CapacityBytes is in bytes.
	CapacityBytes uint64 `json:"capacity_bytes"`
	// FreeBytes is in bytes.
	FreeBytes uint64 `json:"free_bytes"`
	// UsedBytes is what is used of the file system by whoever, in bytes.
	UsedBytes uint64 `json:"used_bytes"`
	// PromisedBytes is what its instances may come to take, in bytes.
	PromisedBytes uint64 `json:"promised_bytes"`
	// Instances is how many have their volume in it.
	Instances int `json:"instances"`
	// Warnings are what drives say of themselves that does not make the pool degraded yet, a line each.
	Warnings []string `json:"warnings,omitempty"`
	// Tree is what it stands on; left out when it could not be looked at.
	Tree *FileSystem `json:"tree,omitempty"`
}

// PoolHealth is the verdict of a look at a pool.
type PoolHealth struct {
	// Status is "healthy", "degraded" (all is there, on fewer copies) or "broken".
	Status string `json:"status"`
	// Why is one line; left out when healthy.
	Why string `json:"why,omitempty"`
	// Since is when it became so.
	Since time.Time `json:"since"`
	// Told: a person has heard of it, and is not told again at each command.
	Told bool `json:"told,omitempty"`
}

// FileSystem is a mounted file system and all that it lies on.
type FileSystem struct {
	// Path is the mount point.
	Path string `json:"path"`
	// FSType is the file system's.
	FSType string `json:"fs_type"`
	// FSUUID is the file system's.
	FSUUID string `json:"fs_uuid"`
	// ReadOnly: nothing can be written.
	ReadOnly bool `json:"read_only,omitempty"`
	// CapacityBytes is in bytes.
	CapacityBytes uint64 `json:"capacity_bytes"`
	// FreeBytes is what is free for whoever is not root as well, in bytes.
	FreeBytes uint64 `json:"free_bytes"`
	// Device is the uppermost layer under it.
	Device Device `json:"device"`
}

// Device is one layer, with what it is made of.
type Device struct {
	// Name is the kernel's: "md0"; for btrfs the UUID.
	Name string `json:"name"`
	// Kind is what layer it is: "raid", "lvm", "crypt", "partition", "drive", "missing" …
	Kind string `json:"kind"`
	// SizeBytes is in bytes.
	SizeBytes uint64 `json:"size_bytes,omitempty"`
	// Level is an array's: "raid10".
	Level string `json:"level,omitempty"`
	// Missing is how many members of an array should be there and are not in use.
	Missing int `json:"missing,omitempty"`
	// Action is what an array is busy with: "recover", "resync", "check".
	Action string `json:"action,omitempty"`
	// Done is how much of that is done, from 0 to 1.
	Done float64 `json:"done,omitempty"`
	// Broken is why nothing can be trusted to it any more, in one line.
	Broken string `json:"broken,omitempty"`
	// Role is that of a member of an array: "in_sync", "faulty", "spare", "rebuilding".
	Role string `json:"role,omitempty"`
	// Transport is a drive's: "nvme", "nvme over tcp", "sata", "scsi", "virtio", "usb", "unknown".
	Transport string `json:"transport,omitempty"`
	// Rotational: it is a disk that turns.
	Rotational bool `json:"rotational,omitempty"`
	// WriteCache is "write back" or "write through".
	WriteCache string `json:"write_cache,omitempty"`
	// DiscardBytes is the most that one discard may name, in bytes; left out when it takes none.
	DiscardBytes uint64 `json:"discard_max_bytes,omitempty"`
	// Model is the drive's, in its own words.
	Model string `json:"model,omitempty"`
	// Serial is the drive's.
	Serial string `json:"serial,omitempty"`
	// Health is what an NVMe drive says of itself; left out when it was not asked, or does not say.
	Health *DriveHealth `json:"health,omitempty"`
	// Members are what it is made of.
	Members []Device `json:"members,omitempty"`
}

// DriveHealth is what an NVMe drive says of itself (NVM Express Base Specification, SMART / Health Information log); all but the
// state is unknown while that is not "live".
type DriveHealth struct {
	// CriticalWarning are bits; 0 is none.
	CriticalWarning int `json:"critical_warning"`
	// PercentUsed is in percent of the life that its maker expects; it may exceed 100.
	PercentUsed int `json:"percent_used"`
	// SparePercent is what is left of its spare blocks, in percent.
	SparePercent int `json:"spare_percent"`
	// SpareThreshold is below what it warns, in percent.
	SpareThreshold int `json:"spare_threshold"`
	// MediaErrors is how many times it could not give back what it was given.
	MediaErrors int `json:"media_errors"`
	// Celsius is its temperature, in °C.
	Celsius int `json:"celsius,omitempty"`
	// State is what the kernel says of its controller: "live".
	State string `json:"state,omitempty"`
}

// PoolList is any number of pools.
type PoolList struct {
	// Pools are sorted by name.
	Pools []Pool `json:"pools"`
}

// PoolsChecked is what `pool check` prints.
type PoolsChecked struct {
	// Pools are those that were looked at; with --news those that are not as they were.
	Pools []Pool `json:"pools"`
	// Paused are instances that their disk stopped.
	Paused []PausedInstance `json:"paused"`
}
