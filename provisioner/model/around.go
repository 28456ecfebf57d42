package model

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

// Pool finds one by name.
func (a Around) Pool(name string) (Pool, bool) {
	for _, p := range a.Pools {
		if p.Name == name {
			return p, true
		}
	}
	return Pool{}, false
}
