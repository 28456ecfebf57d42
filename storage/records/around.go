package records

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// Around returns all of that as it is now.
func (b *Bolt) Around(ctx context.Context) (around model.Around, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		around, err = b.around(tx)
		return err
	})
	return around, err
}

func (b *Bolt) around(tx *bolt.Tx) (a model.Around, err error) {
	if a.Host, err = b.host(tx); err != nil {
		return a, err
	}
	if a.Tenants, err = tenants().all(b, tx); err != nil {
		return a, err
	}
	if a.Pools, err = pools().all(b, tx); err != nil {
		return a, err
	}
	if a.Users, err = users().all(b, tx); err != nil {
		return a, err
	}
	a.Instances, err = b.allInstances(tx)
	return a, err
}

// ask asks the rules of a change. Without any, nothing is read.
func (b *Bolt) ask(tx *bolt.Tx, rules []model.Rule) error {
	if len(rules) == 0 {
		return nil
	}
	around, err := b.around(tx)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if err := call(func() error { return rule(around) }); err != nil {
			return err
		}
	}
	return nil
}
