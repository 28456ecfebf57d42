package pools

import (
	"slices"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// MinFree is what has to be free where instances are kept before another one is made, in bytes.
const MinFree = 512 << 20

// MayHavePool refuses a pool that is not there as the one that the host uses when nobody says where. It has to be asked in the
// transaction that sets it.
func MayHavePool(name string) model.Rule {
	return func(around model.Around) error {
		if slices.ContainsFunc(around.Pools, func(p model.Pool) bool { return p.Name == name }) {
			return nil
		}
		return fault.New(fault.PoolNotFound, "see what there is: holm pool ls", "there is no pool %s", model.Quoted(name)).With(fault.Pool(name))
	}
}

// notTheHosts refuses to remove the pool that the host uses when nobody says where.
func notTheHosts(pool string) model.Rule {
	return func(around model.Around) error {
		if around.Host.Pool != pool {
			return nil
		}
		return fault.New(fault.PoolIsDefault, `set another one: holm host set --pool ""`,
			"pool %q is the one that this host uses when nobody says where", fault.Pool(pool))
	}
}
