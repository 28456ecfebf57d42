package provisioner_test

import (
	"path/filepath"
	"testing"

	"holm/provisioner/tenants"
	"holm/storage/keys"
)

func TestAnExchangedHostKeyServesWhatWasSealedByTheOldOne(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	keeper := keys.Keeper{Path: w.hostKey(), Memory: filepath.Join(t.TempDir(), "run", "x.key")}
	w.host = keeper
	old, err := keeper.Key("", false)
	must(t, err)
	must(t, keeper.Lock(t.Context(), []byte("correct horse battery staple"), tenants.Sealed{Book: w.records}))
	all, err := w.records.TenantKeys(t.Context())
	must(t, err)
	for _, k := range all {
		if _, err := old.Open(k.Key, keys.Tenant, k.Tenant); err == nil {
			t.Errorf("the key that lay in a file opens that of tenant %s", k.Tenant)
		}
	}
	w.hyp.PowerOff(inst.UUID)
	must1(t)(w.holm().Instances.Start(t.Context(), "default", "web", nil))
	w.created("db")
	_, _, err = w.holm().Tenants.RotateKey(t.Context(), "default")
	must(t, err)
	must(t, w.records.VerifyAudit(t.Context()))
}
