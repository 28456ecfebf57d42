// Package recordstest is what every store of records has to keep to, whatever it keeps them in. A store's tests call
// Conformance.
package recordstest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holm/provisioner/model"
)

// Store is what the provisioner asks of its memory; provisioner.Records says what each method promises.
type Store interface {
	Reserve(ctx context.Context, inst model.Instance, op model.Operation,
		admit func(existing []model.Instance, inst *model.Instance) error, rules ...model.Rule) (model.Instance, error)
	Instance(ctx context.Context, tenant, name string) (model.Instance, error)
	Update(ctx context.Context, id string, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
	Record(ctx context.Context, op model.Operation, change func(*model.Instance) error, rules ...model.Rule) (model.Instance, error)
	Removed(ctx context.Context, op model.Operation) error
	Settings(ctx context.Context) (model.Settings, error)
	Around(ctx context.Context) (model.Around, error)
	Resize(ctx context.Context, id string, op model.Operation,
		admit func(others []model.Instance, inst *model.Instance) error) (model.Instance, error)
	Drop(ctx context.Context, id string) error
	List(ctx context.Context, tenant string) ([]model.Summary, error)
	Instances(ctx context.Context) ([]model.Instance, error)
	Host(ctx context.Context) (model.Host, error)
	SetHost(ctx context.Context, change func(*model.Host) error, rules ...model.Rule) (model.Host, error)
	AddPool(ctx context.Context, pool model.Pool, admit func(existing []model.Pool) error) error
	Pool(ctx context.Context, name string) (model.Pool, error)
	Pools(ctx context.Context) ([]model.Pool, error)
	UpdatePool(ctx context.Context, name string, change func(*model.Pool) error) (model.Pool, error)
	DropPool(ctx context.Context, name string, admit func(living []model.Instance) error, rules ...model.Rule) error
	AddTenant(ctx context.Context, tenant model.Tenant, admit func(existing []model.Tenant) error, rules ...model.Rule) error
	Tenant(ctx context.Context, name string) (model.Tenant, error)
	Tenants(ctx context.Context) ([]model.Tenant, error)
	UpdateTenant(ctx context.Context, name string, change func(tenant *model.Tenant, used model.Resources) error) (model.Tenant, error)
	DropTenant(ctx context.Context, name string, admit func(living []model.Instance) error) error
	TenantKeys(ctx context.Context) ([]model.TenantKey, error)
	AddTenantKey(ctx context.Context, key model.TenantKey, admit func(existing []model.TenantKey) error) error
	ResealTenantKeys(ctx context.Context, reseal func(key *model.TenantKey) error) error
	RotateKey(ctx context.Context, tenant string,
		reseal func(key *model.TenantKey, instances []model.Instance) error) (model.TenantKey, error)
	DestroyKey(ctx context.Context, id string) (model.Instance, error)
	Destroyed(ctx context.Context, inst model.Instance, what string) error
	Users(ctx context.Context) ([]model.TenantUser, error)
	TakeUser(ctx context.Context, tenant string, now time.Time,
		choose func(given []model.TenantUser) (int, error)) (model.TenantUser, error)
	SetFlavor(ctx context.Context, flavor model.Flavor) error
	Flavors(ctx context.Context) ([]model.Flavor, error)
	DropFlavor(ctx context.Context, name string) error
	PutOperation(ctx context.Context, op model.Operation) error
	Operations(ctx context.Context, instance string) ([]model.Operation, error)
}

// Conformance runs the suite. open is called for each test and returns an empty store; it is called once for a store
// that several goroutines use.
func Conformance(t *testing.T, open func(t *testing.T) Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"an empty store has nothing and says so", testEmpty},
		{"what is reserved is found as it was", testReserve},
		{"a name is taken once in a tenant", testNameTaken},
		{"a reservation that is not admitted leaves nothing", testNotAdmitted},
		{"a reservation that makes no sense is refused", testBadReservation},
		{"admission sees all instances as they are", testAdmissionSeesAll},
		{"of many reservations of a name at once one wins", testSameNameAtOnce},
		{"many reservations at once get an address each", testAddressesAtOnce},
		{"an update changes what it says and no more", testUpdate},
		{"an update that fails changes nothing", testUpdateFails},
		{"updates at once lose nothing", testUpdatesAtOnce},
		{"a rule is asked before a change is made, and sees all that there is", testRules},
		{"what is set is seen at one moment", testSettings},
		{"an operation and what it makes of its instance are stored together", testRecord},
		{"a removal closes what is open and drops the record", testRemoved},
		{"a callback that panics blocks nobody", testPanic},
		{"what is dropped is gone, and dropping it again no error", testDrop},
		{"a list is sorted, complete and of one tenant when asked", testList},
		{"names that are parts of each other are kept apart", testSimilarNames},
		{"operations come back oldest first", testOperations},
		{"operations outlive their instance", testOperationsOutlive},
		{"of an instance the newest operations that have ended are kept, and all that have not", testOperationsKept},
		{"the operations of the instances that were removed last are kept", testRemovedKept},
		{"the host's settings are kept", testHost},
		{"pools are kept, sorted, and changed by name", testPools},
		{"a pool's name is taken once, and admission sees the others", testPoolNameTaken},
		{"a pool with instances in it stays, and none is reserved in one that is not there", testPoolInUse},
		{"what is promised in a pool leaves its high-water mark", testPromised},
		{"a resize sees the others, and is journaled with the record or not at all", testResize},
		{"tenants are kept, sorted, and changed with what they use in view", testTenants},
		{"a tenant with instances stays, and none is reserved for one that is not there", testTenantInUse},
		{"of many reservations at once a quota lets in as many as it says", testQuotaAtOnce},
		{"each part of a quota holds, also when an instance grows", testQuota},
		{"a tenant's key is rotated with all that it has sealed, and a volume's is destroyed", testTenantKeys},
		{"a tenant's key goes with the tenant, and is not the next one's", testKeyGoesWithItsTenant},
		{"a tenant keeps its user, and nobody else is given it, ever", testUsers},
		{"tenants that come at once are given a user each", testUsersAtOnce},
		{"flavors are kept, replaced and dropped by name", testFlavors},
		{"an ended context changes nothing", testEndedContext},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// Instance returns a record with every field set, different for each n, and the operation that builds it.
func Instance(n int, tenant, name string) (model.Instance, model.Operation) {
	made := time.Date(2025, 3, 1, 12, 0, n, 123456789, time.UTC)
	id := fmt.Sprintf("%012x", n)
	inst := model.Instance{
		ID: id, Name: name, Tenant: tenant, State: model.Creating, Failure: "none so far",
		Profile: "docker", Flavor: model.Flavor{Name: "small", VCPUs: 1, MemoryMiB: 1024, DiskGiB: 20},
		Image: "sha256:41be", ImageName: "debian-13", Unlocked: true,
		Accel: "tcg", Machine: "pc-q35-7.2", UUID: fmt.Sprintf("00000000-0000-4000-8000-%012x", n),
		Domain: "holm." + tenant + "." + name, Network: "holm-default", MAC: "52:54:00:00:00:01",
		Address: netip.MustParseAddr(fmt.Sprintf("10.77.0.%d", n)), PrefixLen: 24, Gateway: netip.MustParseAddr("10.77.0.1"),
		Nameservers: []string{"9.9.9.9"},
		User:        "ops", AuthorizedKeys: []string{"ssh-ed25519 AAAA"},
		HostKey: "ssh-ed25519 BBBB", MachineID: "m", Kernel: "6.12", BootID: "b",
		SeedAttached: true, ChecksPassed: n, ChecksTotal: 24, CheckedAt: made.Add(time.Hour), Unverified: true,
		Created: made, ReadyAt: made.Add(time.Minute), ReadyAfter: time.Minute,
	}
	return inst, Operation(n, id)
}

// Operation returns an operation on an instance; a larger n is younger.
func Operation(n int, instance string) model.Operation {
	made := time.Date(2025, 3, 1, 12, 0, n, 0, time.UTC)
	return model.Operation{
		ID: fmt.Sprintf("%016x-0000", made.UnixNano()), Kind: "create", Instance: instance,
		Tenant: "acme", Name: "web", Pool: "fast", Actor: "uid 0, login 1000", Status: model.Running, Started: made,
	}
}

func admit([]model.Instance, *model.Instance) error { return nil }

func reserve(t *testing.T, s Store, n int, tenant, name string) model.Instance {
	t.Helper()
	inst, op := Instance(n, tenant, name)
	got, err := s.Reserve(t.Context(), inst, op, admit)
	if err != nil {
		t.Fatalf("reserve %s/%s: %v", tenant, name, err)
	}
	return got
}
