// Package memory is a store of records that ends with its process. It keeps to the same suite as the one in a file, and shows
// that what the provisioner asks of a store can be had elsewhere: tests work with it where nothing has to outlive them. It keeps
// no audit log.
package memory

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"holm/provisioner/model"
)

// Store keeps records in memory. Its methods may be called from several goroutines.
type Store struct {
	// Twice makes each change twice, the first time for nothing: so does a store whose transaction another one got in the way of.
	// What is given to it has to bear that.
	Twice bool

	mu  sync.Mutex
	now contents
}

// contents is all that there is. Its maps are never changed: a transaction works on copies.
type contents struct {
	Host       model.Host
	Instances  map[string]model.Instance // by id
	Operations map[string]model.Operation
	Removed    []string // ids of instances, the last one at the end
	Pools      map[string]model.Pool
	Tenants    map[string]model.Tenant
	Founded    bool                       // there was a tenant: until then every name is one without a quota
	Keys       map[string]model.TenantKey // by tenant
	Users      []model.TenantUser
	Flavors    map[string]model.Flavor
}

// write makes a change, or nothing when it fails.
func (s *Store) write(ctx context.Context, change func(c *contents) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Twice {
		trial := s.now.clone()
		if err := change(&trial); err != nil {
			return err
		}
	}
	next := s.now.clone()
	if err := change(&next); err != nil {
		return err
	}
	s.now = next.clone() // nothing that a callback has kept
	return nil
}

// read returns what there is, as a copy.
func (s *Store) read(ctx context.Context) (contents, error) {
	if ctx.Err() != nil {
		return contents{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.clone(), nil
}

// clone is a copy that shares nothing, as a file's would be.
func (c contents) clone() (out contents) {
	text, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic("records that cannot be stored: " + err.Error()) // they are plain values
	}
	out.Instances, out.Operations = made(out.Instances), made(out.Operations)
	out.Pools, out.Tenants = made(out.Pools), made(out.Tenants)
	out.Keys, out.Flavors = made(out.Keys), made(out.Flavors)
	return out
}

func made[T any](m map[string]T) map[string]T {
	if m == nil {
		return map[string]T{}
	}
	return m
}

// byName are the values of a map, sorted by its keys; nil when there are none.
func byName[T any](m map[string]T) (all []T) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[key])
	}
	return all
}

// settings is all but the instances and their history.
func (c *contents) settings() model.Settings {
	return model.Settings{
		Host: c.Host, Tenants: byName(c.Tenants), Pools: byName(c.Pools), Users: slices.Clone(c.Users),
		Keys: byName(c.Keys), Flavors: byName(c.Flavors),
	}
}

// Settings returns all of that as it is now.
func (s *Store) Settings(ctx context.Context) (model.Settings, error) {
	c, err := s.read(ctx)
	return c.settings(), err
}

// Around returns all of that as it is now, with the instances.
func (s *Store) Around(ctx context.Context) (model.Around, error) {
	c, err := s.read(ctx)
	return c.around(), err
}

// around is what rules see.
func (c *contents) around() model.Around {
	return model.Around{Settings: c.settings(), Instances: byName(c.Instances)}
}

// ask asks the rules of a change.
func (c *contents) ask(rules []model.Rule) error {
	for _, rule := range rules {
		if err := rule(c.around()); err != nil {
			return err
		}
	}
	return nil
}

// find finds an instance by its names.
func (c *contents) find(tenant, name string) (model.Instance, bool) {
	for _, inst := range c.Instances {
		if inst.Tenant == tenant && inst.Name == name {
			return inst, true
		}
	}
	return model.Instance{}, false
}

// of are the instances that belong to something.
func (c *contents) of(belongs func(model.Instance) bool) (living []model.Instance) {
	for _, inst := range byName(c.Instances) {
		if belongs(inst) {
			living = append(living, inst)
		}
	}
	return living
}

func validKey(value string) bool {
	return value != "" && len(value) <= 255 && !strings.ContainsRune(value, 0)
}
