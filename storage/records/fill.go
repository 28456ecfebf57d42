//go:build bench

package records

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// Fill stores instances in one transaction. Reserve looks at all that there are each time, so that thousands of them
// would take it minutes; only the benchmark of the list needs as many at once, and only its build has this.
func (b *Bolt) Fill(ctx context.Context, instances []model.Instance) error {
	return b.write(ctx, func(tx *bolt.Tx) (c change, err error) {
		for _, inst := range instances {
			if err := validKeys(inst); err != nil {
				return change{}, err
			}
			if err := tx.Bucket([]byte(bucketNames)).Put(nameKey(inst.Tenant, inst.Name), []byte(inst.ID)); err != nil {
				return change{}, err
			}
			if c, err = putInstance(tx, inst, "fill"); err != nil {
				return change{}, err
			}
		}
		return c, nil
	})
}
