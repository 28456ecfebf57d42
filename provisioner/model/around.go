package model

import "slices"

// Settings is all that is on record but the instances and their history, as it is at one moment.
type Settings struct {
	Host    Host
	Tenants []Tenant     // sorted by name
	Pools   []Pool       // sorted by name
	Users   []TenantUser // all that were ever given to a tenant
	Keys    []TenantKey  // sorted by tenant
	Flavors []Flavor     // that the operator has made or changed, sorted by name
}

// Around is all that is on record beside what a transaction changes, as that transaction sees it: what was read before may be
// otherwise by now.
type Around struct {
	Settings
	Instances []Instance // in no particular order
}

// Rule is asked in the transaction that makes a change, before it is made. An error from it is returned as it is, and nothing changes.
type Rule func(around Around) error

// Tenant finds one by name.
func (s Settings) Tenant(name string) (Tenant, bool) {
	return find(s.Tenants, func(t Tenant) bool { return t.Name == name })
}

// Pool finds one by name.
func (s Settings) Pool(name string) (Pool, bool) {
	return find(s.Pools, func(p Pool) bool { return p.Name == name })
}

// User is the user of a tenant that there is; one who has left is somebody else's of that name.
func (s Settings) User(tenant string) (TenantUser, bool) {
	return find(s.Users, func(u TenantUser) bool { return u.Tenant == tenant && u.Left.IsZero() })
}

// Key is what a tenant's volumes are sealed with.
func (s Settings) Key(tenant string) (TenantKey, bool) {
	return find(s.Keys, func(k TenantKey) bool { return k.Tenant == tenant })
}

func find[T any](all []T, is func(T) bool) (found T, there bool) {
	if at := slices.IndexFunc(all, is); at >= 0 {
		return all[at], true
	}
	return found, false
}
