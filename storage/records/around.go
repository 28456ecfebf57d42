package records

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// Around is all that is on record beside what a transaction changes, as that transaction sees it: what was read before may be
// otherwise by now.
type Around struct {
	Host      Host
	Tenants   []Tenant     // sorted by name
	Pools     []Pool       // sorted by name
	Instances []Instance   // in no particular order
	Users     []TenantUser // all that were ever given to a tenant
}

// Rule is asked in the transaction that makes a change, before it is made. An error from it is returned as it is, and nothing changes.
type Rule func(around Around) error

// Tenant finds one by name.
func (a Around) Tenant(name string) (Tenant, bool) {
	for _, t := range a.Tenants {
		if t.Name == name {
			return t, true
		}
	}
	return Tenant{}, false
}

// Around returns all of that as it is now.
func (b *Bolt) Around(ctx context.Context) (around Around, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		around, err = b.around(tx)
		return err
	})
	return around, err
}

func (b *Bolt) around(tx *bolt.Tx) (a Around, err error) {
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

// Pool finds one by name.
func (a Around) Pool(name string) (Pool, bool) {
	for _, p := range a.Pools {
		if p.Name == name {
			return p, true
		}
	}
	return Pool{}, false
}

// ask asks the rules of a change. Without any, nothing is read.
func (b *Bolt) ask(tx *bolt.Tx, rules []Rule) error {
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
