package records

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Limits are what an instance may take of its host, whatever its neighbours do; 0 is no limit. machine.Limits explains them.
type Limits struct {
	CPUWeight    int `json:"cpu_weight,omitempty"`
	CPUPercent   int `json:"cpu_percent,omitempty"`
	IOPS         int `json:"iops,omitempty"`
	IOPSBurst    int `json:"iops_burst,omitempty"`
	MBps         int `json:"mb_per_second,omitempty"`
	MBpsBurst    int `json:"mb_per_second_burst,omitempty"`
	BurstSeconds int `json:"burst_seconds,omitempty"`
	NetMbit      int `json:"net_mbit_per_second,omitempty"`
}

// flavors is where those are kept that the operator has made or changed.
func flavors() shelf[Flavor] {
	return shelf[Flavor]{
		bucket: bucketFlavors, noun: "flavor",
		name: func(f Flavor) string { return f.Name },
		note: func(f Flavor) string {
			return fmt.Sprintf("%s %d vCPUs %d MiB %d GiB", f.Name, f.VCPUs, f.MemoryMiB, f.DiskGiB)
		},
	}
}

// SetFlavor stores a flavor, in the place of another one of that name. Instances that there are keep what they were made with.
func (b *Bolt) SetFlavor(ctx context.Context, flavor Flavor) error {
	if err := validKey("flavor's name", flavor.Name); err != nil {
		return err
	}
	return b.write(ctx, func(tx *bolt.Tx) (change, error) {
		if _, err := tx.CreateBucketIfNotExists([]byte(bucketFlavors)); err != nil {
			return change{}, err
		}
		return flavors().put(tx, flavor, "set")
	})
}

// Flavors returns all that were stored, sorted by name.
func (b *Bolt) Flavors(ctx context.Context) ([]Flavor, error) { return flavors().list(ctx, b) }

// DropFlavor removes a stored flavor; ErrNotFound when there is none of that name.
func (b *Bolt) DropFlavor(ctx context.Context, name string) error {
	return flavors().drop(ctx, b, name, func(Instance) bool { return false }, func([]Instance) error { return nil })
}
