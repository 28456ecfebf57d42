package tenants

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/keys"
	"holm/storage/luks"
	"holm/storage/records"
)

// tenantKey returns the key with which a tenant's volumes are sealed, and makes it when it is the first time.
func (ks *Keys) tenantKey(ctx context.Context, tenant string) (keys.Key, error) {
	const tries = 3 // exchanges of the host's key that happen between two reads
	for try := 1; ; try++ {
		all, err := ks.Records.TenantKeys(ctx)
		if err != nil {
			return keys.Key{}, err
		}
		at := slices.IndexFunc(all, func(k model.TenantKey) bool { return k.Tenant == tenant })
		if at < 0 {
			return ks.firstKey(ctx, tenant)
		}
		host, err := ks.HostKey.Key(all[at].Key.By, false)
		if err != nil {
			return keys.Key{}, err
		}
		key, err := host.Open(all[at].Key, keys.Tenant, tenant)
		if err == nil || host.ID() == all[at].Key.By || try == tries {
			return key, err
		}
	}
}

// firstKey makes the key of a tenant. The host's own key is made with the very first of them, and never again: from then on one that
// is not there was lost. It is not exchanged meanwhile.
func (ks *Keys) firstKey(ctx context.Context, tenant string) (keys.Key, error) {
	release, err := ks.HostKey.Hold(ctx)
	if err != nil {
		return keys.Key{}, err
	}
	defer release()
	all, err := ks.Records.TenantKeys(ctx)
	if err != nil {
		return keys.Key{}, err
	}
	if slices.ContainsFunc(all, func(k model.TenantKey) bool { return k.Tenant == tenant }) {
		return ks.tenantKey(ctx, tenant) // somebody else was faster
	}
	want := ""
	if len(all) > 0 {
		want = all[0].Key.By
	}
	host, err := ks.HostKey.Key(want, len(all) == 0)
	if err != nil {
		return keys.Key{}, err
	}
	if want != "" && host.ID() != want {
		return keys.Key{},
			fault.New(fault.KeyMismatch, "put back the key that sealed the others; what needs no key still works: see docs/KEYS.md",
				"the keys of tenants were sealed by key %.16q, and the one at hand is %s", want, host.ID())
	}
	fresh := keys.New()
	sealed, err := host.Seal(fresh, keys.Tenant, tenant)
	if err != nil {
		return keys.Key{}, err
	}
	none := func([]model.TenantKey) error { return nil }
	return fresh, ks.Records.AddTenantKey(ctx, model.TenantKey{Tenant: tenant, Key: sealed, Made: ks.Now().UTC()}, none)
}

// Sealed is the records as what the host's key has sealed: keys.Book.
type Sealed struct{ Book }

// SealedBy implements keys.Book.
func (s Sealed) SealedBy(ctx context.Context) (ids []string, err error) {
	all, err := s.TenantKeys(ctx)
	for _, k := range all {
		if !slices.Contains(ids, k.Key.By) {
			ids = append(ids, k.Key.By)
		}
	}
	return ids, err
}

// Reseal implements keys.Book.
func (s Sealed) Reseal(ctx context.Context, from, to keys.Key) error {
	return s.ResealTenantKeys(ctx, func(key *model.TenantKey) error {
		if key.Key.By == to.ID() {
			return nil
		}
		inner, err := from.Open(key.Key, keys.Tenant, key.Tenant)
		if err == nil {
			key.Key, err = to.Seal(inner, keys.Tenant, key.Tenant)
		}
		return err
	})
}

// SealVolume gives a new instance a key for its volume, sealed with its tenant's from the settings, and returns what opens the volume. A
// tenant that has none there is given one.
func (ks *Keys) SealVolume(ctx context.Context, set model.Settings, inst *model.Instance) (passphrase []byte, err error) {
	tenant, err := ks.tenantKeyIn(ctx, set, inst.Tenant)
	if err != nil {
		return nil, err
	}
	volume := keys.New()
	sealed, err := tenant.Seal(volume, keys.Volume, inst.ID)
	inst.Key = &sealed
	return volume.Passphrase(), err
}

// tenantKeyIn is tenantKey with the settings as they were read: what is missing there, or sealed by another key of the host's by now, is
// looked at again.
func (ks *Keys) tenantKeyIn(ctx context.Context, set model.Settings, tenant string) (keys.Key, error) {
	sealed, found := set.Key(tenant)
	if !found {
		return ks.firstKey(ctx, tenant)
	}
	if host, err := ks.HostKey.Key(sealed.Key.By, false); err == nil && host.ID() == sealed.Key.By {
		return host.Open(sealed.Key, keys.Tenant, tenant)
	}
	return ks.tenantKey(ctx, tenant)
}

// Passphrase opens the volume of an instance, with its tenant's key from the settings; nil when it is not encrypted. Where the two do not
// belong together, as the key has been sealed anew since one of them was read, it goes by the record as it is now.
func (ks *Keys) Passphrase(ctx context.Context, set model.Settings, inst model.Instance) ([]byte, error) {
	if inst.Key == nil {
		return nil, nil
	}
	if sealed, found := set.Key(inst.Tenant); found && sealed.Key.ID == inst.Key.By {
		if pass, err := ks.open(sealed, inst); err == nil {
			return pass, nil
		}
	}
	return ks.passphraseNow(ctx, inst)
}

// open opens the volume of an instance with a key of its tenant.
func (ks *Keys) open(sealed model.TenantKey, inst model.Instance) ([]byte, error) {
	host, err := ks.HostKey.Key(sealed.Key.By, false)
	if err != nil {
		return nil, err
	}
	tenant, err := host.Open(sealed.Key, keys.Tenant, inst.Tenant)
	if err != nil {
		return nil, err
	}
	key, err := tenant.Open(*inst.Key, keys.Volume, inst.ID)
	if err != nil {
		return nil, err
	}
	return key.Passphrase(), nil
}

func (ks *Keys) passphraseNow(ctx context.Context, inst model.Instance) ([]byte, error) {
	const tries = 3 // rotations that happen between two reads
	for try := 1; ; try++ {
		now, err := ks.Records.Instance(ctx, inst.Tenant, inst.Name)
		if err != nil {
			return nil, err
		}
		tenant, err := ks.tenantKey(ctx, inst.Tenant)
		if err != nil {
			return nil, err
		}
		if now.Key == nil {
			return nil, nil
		}
		key, err := tenant.Open(*now.Key, keys.Volume, inst.ID)
		if err == nil {
			return key.Passphrase(), nil
		}
		if now.Key.By == tenant.ID() || try == tries {
			return nil, err
		}
	}
}

// RotateKey gives a tenant a new key and seals those of its volumes with it, in one transaction. Nothing is written to a disk,
// and instances that run do not notice. It returns how many volumes it was.
func (ks *Keys) RotateKey(ctx context.Context, tenant string) (id string, volumes int, err error) {
	if err := model.ValidateName("tenant", tenant); err != nil {
		return "", 0, err
	}
	release, err := ks.HostKey.Hold(ctx)
	if err != nil {
		return "", 0, err
	}
	defer release()
	key, err := ks.Records.RotateKey(ctx, tenant, func(key *model.TenantKey, instances []model.Instance) error {
		host, err := ks.HostKey.Key(key.Key.By, false)
		if err != nil {
			return err
		}
		before, err := host.Open(key.Key, keys.Tenant, tenant)
		if err != nil {
			return err
		}
		fresh := keys.New()
		volumes = 0 // it may run again
		for i, inst := range instances {
			if inst.Key == nil || len(inst.Key.Box) == 0 {
				continue
			}
			volume, err := before.Open(*inst.Key, keys.Volume, inst.ID)
			if err != nil {
				return err
			}
			sealed, err := fresh.Seal(volume, keys.Volume, inst.ID)
			if err != nil {
				return err
			}
			instances[i].Key = &sealed
			volumes++
		}
		key.Made = ks.Now().UTC()
		key.Key, err = host.Seal(fresh, keys.Tenant, tenant)
		return err
	})
	if errors.Is(err, records.ErrNotFound) {
		return "", 0, fault.New(fault.TenantKeyNotFound, "it gets one with its first instance: holm create NAME --tenant "+tenant,
			"tenant %q has no key", fault.Tenant(tenant))
	}
	return key.Key.ID, volumes, err
}

// Encryption says for people and auditors how the volume of an instance is encrypted.
func Encryption(inst model.Instance) string {
	if inst.Key == nil {
		return "none"
	}
	return fmt.Sprintf("LUKS %s, key %s, sealed by key %s of tenant %s", luks.Cipher, inst.Key.ID, inst.Key.By, inst.Tenant)
}
