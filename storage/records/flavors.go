package records

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// flavors is where those are kept that the operator has made or changed.
func flavors() shelf[model.Flavor] {
	return shelf[model.Flavor]{
		bucket: bucketFlavors, noun: "flavor",
		name: func(f model.Flavor) string { return f.Name },
		note: func(f model.Flavor) string {
			return fmt.Sprintf("%s %d vCPUs %d MiB %d GiB", f.Name, f.VCPUs, f.MemoryMiB, f.DiskGiB)
		},
	}
}

// SetFlavor stores a flavor, in the place of another one of that name. Instances that there are keep what they were made with.
func (b *Bolt) SetFlavor(ctx context.Context, flavor model.Flavor) error {
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
func (b *Bolt) Flavors(ctx context.Context) ([]model.Flavor, error) { return flavors().list(ctx, b) }

// DropFlavor removes a stored flavor; ErrNotFound when there is none of that name.
func (b *Bolt) DropFlavor(ctx context.Context, name string) error {
	return flavors().drop(ctx, b, name, func(model.Instance) bool { return false }, func([]model.Instance) error { return nil })
}
