package records

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// Settings returns all of that as it is now.
func (b *Bolt) Settings(ctx context.Context) (set model.Settings, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		set, err = b.settings(tx)
		return err
	})
	return set, err
}

func (b *Bolt) settings(tx *bolt.Tx) (s model.Settings, err error) {
	if s.Host, err = b.host(tx); err != nil {
		return s, err
	}
	if s.Tenants, err = tenants().all(b, tx); err != nil {
		return s, err
	}
	if s.Pools, err = pools().all(b, tx); err != nil {
		return s, err
	}
	if s.Users, err = users().all(b, tx); err != nil {
		return s, err
	}
	if s.Keys, err = tenantKeys().all(b, tx); err != nil {
		return s, err
	}
	s.Flavors, err = flavors().all(b, tx)
	return s, err
}

// Around returns all of that as it is now.
func (b *Bolt) Around(ctx context.Context) (around model.Around, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		around, err = b.around(tx)
		return err
	})
	return around, err
}

func (b *Bolt) around(tx *bolt.Tx) (a model.Around, err error) {
	if a.Settings, err = b.settings(tx); err != nil {
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
	return askAll(around, rules)
}

func askAll(around model.Around, rules []model.Rule) error {
	for _, rule := range rules {
		if err := call(func() error { return rule(around) }); err != nil {
			return err
		}
	}
	return nil
}
