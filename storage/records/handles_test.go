package records_test

import (
	"context"
	"time"

	"holm/storage/records"
)

// handles opens the store anew for every call.
type handles struct{ path string }

func (h handles) Reserve(ctx context.Context, inst records.Instance, op records.Operation,
	admit func([]records.Instance, *records.Instance) error, rules ...records.Rule,
) (records.Instance, error) {
	return records.Open(h.path).Reserve(ctx, inst, op, admit, rules...)
}

func (h handles) Instance(ctx context.Context, tenant, name string) (records.Instance, error) {
	return records.Open(h.path).Instance(ctx, tenant, name)
}

func (h handles) Update(ctx context.Context, id string, alter func(*records.Instance) error) (records.Instance, error) {
	return records.Open(h.path).Update(ctx, id, alter)
}

func (h handles) Resize(ctx context.Context, id string, op records.Operation, admit func([]records.Instance, *records.Instance) error) (records.Instance, error) {
	return records.Open(h.path).Resize(ctx, id, op, admit)
}

func (h handles) Drop(ctx context.Context, id string) error {
	return records.Open(h.path).Drop(ctx, id)
}

func (h handles) List(ctx context.Context, tenant string) ([]records.Summary, error) {
	return records.Open(h.path).List(ctx, tenant)
}

func (h handles) Instances(ctx context.Context) ([]records.Instance, error) {
	return records.Open(h.path).Instances(ctx)
}

func (h handles) Host(ctx context.Context) (records.Host, error) {
	return records.Open(h.path).Host(ctx)
}

func (h handles) SetHost(ctx context.Context, alter func(*records.Host) error, rules ...records.Rule) (records.Host, error) {
	return records.Open(h.path).SetHost(ctx, alter, rules...)
}

func (h handles) PutOperation(ctx context.Context, op records.Operation) error {
	return records.Open(h.path).PutOperation(ctx, op)
}

func (h handles) Operations(ctx context.Context, instance string) ([]records.Operation, error) {
	return records.Open(h.path).Operations(ctx, instance)
}

func (h handles) AddPool(ctx context.Context, pool records.Pool, admit func([]records.Pool) error) error {
	return records.Open(h.path).AddPool(ctx, pool, admit)
}

func (h handles) Pool(ctx context.Context, name string) (records.Pool, error) {
	return records.Open(h.path).Pool(ctx, name)
}

func (h handles) Pools(ctx context.Context) ([]records.Pool, error) {
	return records.Open(h.path).Pools(ctx)
}

func (h handles) UpdatePool(ctx context.Context, name string, alter func(*records.Pool) error) (records.Pool, error) {
	return records.Open(h.path).UpdatePool(ctx, name, alter)
}

func (h handles) DropPool(ctx context.Context, name string, admit func([]records.Instance) error, rules ...records.Rule) error {
	return records.Open(h.path).DropPool(ctx, name, admit, rules...)
}

func (h handles) AddTenant(ctx context.Context, tenant records.Tenant, admit func([]records.Tenant) error, rules ...records.Rule) error {
	return records.Open(h.path).AddTenant(ctx, tenant, admit, rules...)
}

func (h handles) Tenant(ctx context.Context, name string) (records.Tenant, error) {
	return records.Open(h.path).Tenant(ctx, name)
}

func (h handles) Tenants(ctx context.Context) ([]records.Tenant, error) {
	return records.Open(h.path).Tenants(ctx)
}

func (h handles) UpdateTenant(ctx context.Context, name string, alter func(*records.Tenant, records.Resources) error) (records.Tenant, error) {
	return records.Open(h.path).UpdateTenant(ctx, name, alter)
}

func (h handles) DropTenant(ctx context.Context, name string, admit func([]records.Instance) error) error {
	return records.Open(h.path).DropTenant(ctx, name, admit)
}

func (h handles) TenantKeys(ctx context.Context) ([]records.TenantKey, error) {
	return records.Open(h.path).TenantKeys(ctx)
}

func (h handles) AddTenantKey(ctx context.Context, key records.TenantKey, admit func([]records.TenantKey) error) error {
	return records.Open(h.path).AddTenantKey(ctx, key, admit)
}

func (h handles) RotateKey(ctx context.Context, tenant string, reseal func(*records.TenantKey, []records.Instance) error) (records.TenantKey, error) {
	return records.Open(h.path).RotateKey(ctx, tenant, reseal)
}

func (h handles) DestroyKey(ctx context.Context, id string) (records.Instance, error) {
	return records.Open(h.path).DestroyKey(ctx, id)
}

func (h handles) Destroyed(ctx context.Context, inst records.Instance, what string) error {
	return records.Open(h.path).Destroyed(ctx, inst, what)
}

func (h handles) SetFlavor(ctx context.Context, flavor records.Flavor) error {
	return records.Open(h.path).SetFlavor(ctx, flavor)
}

func (h handles) Flavors(ctx context.Context) ([]records.Flavor, error) {
	return records.Open(h.path).Flavors(ctx)
}

func (h handles) DropFlavor(ctx context.Context, name string) error {
	return records.Open(h.path).DropFlavor(ctx, name)
}

func (h handles) Users(ctx context.Context) ([]records.TenantUser, error) {
	return records.Open(h.path).Users(ctx)
}

func (h handles) TakeUser(ctx context.Context, tenant string, now time.Time, choose func([]records.TenantUser) (int, error)) (records.TenantUser, error) {
	return records.Open(h.path).TakeUser(ctx, tenant, now, choose)
}

func (h handles) ResealTenantKeys(ctx context.Context, reseal func(*records.TenantKey) error) error {
	return records.Open(h.path).ResealTenantKeys(ctx, reseal)
}
