package model

import (
	"time"
)

// Promised is what instances may come to take in a pool, in bytes.
func Promised(pool string, instances []Instance) (bytes uint64) {
	for _, inst := range instances {
		if inst.Pool == pool {
			bytes += uint64(max(inst.Flavor.DiskGiB, 0)) << 30 // #nosec G115 -- not negative
		}
	}
	return bytes
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
