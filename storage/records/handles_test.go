package records_test

import (
	"context"
	"time"

	"holm/provisioner/model"
	"holm/storage/records"
)

// handles opens the store anew for every call.
type handles struct{ path string }

func (h handles) Reserve(ctx context.Context, inst model.Instance, op model.Operation,
	admit func([]model.Instance, *model.Instance) error, rules ...model.Rule,
) (model.Instance, error) {
	return records.Open(h.path).Reserve(ctx, inst, op, admit, rules...)
}

func (h handles) Instance(ctx context.Context, tenant, name string) (model.Instance, error) {
	return records.Open(h.path).Instance(ctx, tenant, name)
}

func (h handles) Update(ctx context.Context, id string, alter func(*model.Instance) error, rules ...model.Rule) (model.Instance, error) {
	return records.Open(h.path).Update(ctx, id, alter, rules...)
}

func (h handles) Record(ctx context.Context, op model.Operation, alter func(*model.Instance) error,
	rules ...model.Rule,
) (model.Instance, error) {
	return records.Open(h.path).Record(ctx, op, alter, rules...)
}

func (h handles) Removed(ctx context.Context, op model.Operation) error {
	return records.Open(h.path).Removed(ctx, op)
}

func (h handles) Settings(ctx context.Context) (model.Settings, error) {
	return records.Open(h.path).Settings(ctx)
}

func (h handles) Around(ctx context.Context) (model.Around, error) {
	return records.Open(h.path).Around(ctx)
}

func (h handles) Resize(ctx context.Context, id string, op model.Operation, admit func([]model.Instance, *model.Instance) error) (model.Instance, error) {
	return records.Open(h.path).Resize(ctx, id, op, admit)
}

func (h handles) Drop(ctx context.Context, id string) error {
	return records.Open(h.path).Drop(ctx, id)
}

func (h handles) List(ctx context.Context, tenant string) ([]model.Summary, error) {
	return records.Open(h.path).List(ctx, tenant)
}

func (h handles) Instances(ctx context.Context) ([]model.Instance, error) {
	return records.Open(h.path).Instances(ctx)
}

func (h handles) Host(ctx context.Context) (model.Host, error) {
	return records.Open(h.path).Host(ctx)
}

func (h handles) SetHost(ctx context.Context, alter func(*model.Host) error, rules ...model.Rule) (model.Host, error) {
	return records.Open(h.path).SetHost(ctx, alter, rules...)
}

func (h handles) PutOperation(ctx context.Context, op model.Operation) error {
	return records.Open(h.path).PutOperation(ctx, op)
}

func (h handles) Operations(ctx context.Context, instance string) ([]model.Operation, error) {
	return records.Open(h.path).Operations(ctx, instance)
}

func (h handles) AddPool(ctx context.Context, pool model.Pool, admit func([]model.Pool) error) error {
	return records.Open(h.path).AddPool(ctx, pool, admit)
}

func (h handles) Pool(ctx context.Context, name string) (model.Pool, error) {
	return records.Open(h.path).Pool(ctx, name)
}

func (h handles) Pools(ctx context.Context) ([]model.Pool, error) {
	return records.Open(h.path).Pools(ctx)
}

func (h handles) UpdatePool(ctx context.Context, name string, alter func(*model.Pool) error) (model.Pool, error) {
	return records.Open(h.path).UpdatePool(ctx, name, alter)
}

func (h handles) DropPool(ctx context.Context, name string, admit func([]model.Instance) error, rules ...model.Rule) error {
	return records.Open(h.path).DropPool(ctx, name, admit, rules...)
}

func (h handles) AddTenant(ctx context.Context, tenant model.Tenant, admit func([]model.Tenant) error, rules ...model.Rule) error {
	return records.Open(h.path).AddTenant(ctx, tenant, admit, rules...)
}

func (h handles) Tenant(ctx context.Context, name string) (model.Tenant, error) {
	return records.Open(h.path).Tenant(ctx, name)
}

func (h handles) Tenants(ctx context.Context) ([]model.Tenant, error) {
	return records.Open(h.path).Tenants(ctx)
}

func (h handles) UpdateTenant(ctx context.Context, name string, alter func(*model.Tenant, model.Resources) error) (model.Tenant, error) {
	return records.Open(h.path).UpdateTenant(ctx, name, alter)
}

func (h handles) DropTenant(ctx context.Context, name string, admit func([]model.Instance) error) error {
	return records.Open(h.path).DropTenant(ctx, name, admit)
}

func (h handles) TenantKeys(ctx context.Context) ([]model.TenantKey, error) {
	return records.Open(h.path).TenantKeys(ctx)
}

func (h handles) AddTenantKey(ctx context.Context, key model.TenantKey, admit func([]model.TenantKey) error) error {
	return records.Open(h.path).AddTenantKey(ctx, key, admit)
}

func (h handles) RotateKey(ctx context.Context, tenant string, reseal func(*model.TenantKey, []model.Instance) error) (model.TenantKey, error) {
	return records.Open(h.path).RotateKey(ctx, tenant, reseal)
}

func (h handles) DestroyKey(ctx context.Context, id string) (model.Instance, error) {
	return records.Open(h.path).DestroyKey(ctx, id)
}

func (h handles) Destroyed(ctx context.Context, inst model.Instance, what string) error {
	return records.Open(h.path).Destroyed(ctx, inst, what)
}

func (h handles) SetFlavor(ctx context.Context, flavor model.Flavor) error {
	return records.Open(h.path).SetFlavor(ctx, flavor)
}

func (h handles) Flavors(ctx context.Context) ([]model.Flavor, error) {
	return records.Open(h.path).Flavors(ctx)
}

func (h handles) DropFlavor(ctx context.Context, name string) error {
	return records.Open(h.path).DropFlavor(ctx, name)
}

func (h handles) Users(ctx context.Context) ([]model.TenantUser, error) {
	return records.Open(h.path).Users(ctx)
}

func (h handles) TakeUser(ctx context.Context, tenant string, now time.Time, choose func([]model.TenantUser) (int, error)) (model.TenantUser, error) {
	return records.Open(h.path).TakeUser(ctx, tenant, now, choose)
}

func (h handles) ResealTenantKeys(ctx context.Context, reseal func(*model.TenantKey) error) error {
	return records.Open(h.path).ResealTenantKeys(ctx, reseal)
}
