package records

import (
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// A newer version has written fields of its own; this one changes something else.
func TestFieldsOfANewerVersionAreCarriedOver(t *testing.T) {
	for name, c := range map[string]struct {
		bucket, key string
		add         [2]string // what is put in, in place of what
		change      func(t *testing.T, store *Bolt) error
	}{
		"of an instance": {bucketInstances, testID, [2]string{`{`, `{"from_the_future":{"x":[1,2]},`}, func(t *testing.T, store *Bolt) error {
			_, err := store.Update(t.Context(), testID, func(i *model.Instance) error { i.State = model.Failed; return nil })
			return err
		}},
		"of a part of an instance": {bucketInstances, testID, [2]string{`"flavor":{`, `"flavor":{"from_the_future":7,`}, func(t *testing.T, store *Bolt) error {
			_, err := store.Update(t.Context(), testID, func(i *model.Instance) error { i.State = model.Failed; return nil })
			return err
		}},
		"of the host": {bucketMeta, keyHost, [2]string{`{`, `{"from_the_future":true,`}, func(t *testing.T, store *Bolt) error {
			_, err := store.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = !h.LabMode; return nil })
			return err
		}},
		"of a tenant": {bucketTenants, "acme", [2]string{`{`, `{"from_the_future":"yes",`}, func(t *testing.T, store *Bolt) error {
			_, err := store.UpdateTenant(t.Context(), "acme", func(tenant *model.Tenant, _ model.Resources) error { tenant.Quota.Instances = 7; return nil })
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			store := audited(t)
			if err := store.AddTenant(t.Context(), model.Tenant{Name: "acme"}, func([]model.Tenant) error { return nil }); err != nil {
				t.Fatal(err)
			}
			var newer string
			raw(t, store, func(tx *bolt.Tx) error {
				bucket := tx.Bucket([]byte(c.bucket))
				newer = strings.Replace(string(bucket.Get([]byte(c.key))), c.add[0], c.add[1], 1)
				return bucket.Put([]byte(c.key), []byte(newer))
			})
			if !strings.Contains(newer, "from_the_future") {
				t.Fatalf("nothing was put into %s", newer)
			}
			if err := c.change(t, store); err != nil {
				t.Fatal(err)
			}
			raw(t, store, func(tx *bolt.Tx) error {
				if got := string(tx.Bucket([]byte(c.bucket)).Get([]byte(c.key))); !strings.Contains(got, "from_the_future") || got == newer {
					t.Errorf("it was %s, and is %s", newer, got)
				}
				return nil
			})
		})
	}
}

func TestAFileOfTheFirstSchemaIsTakenUpByTheFirstChange(t *testing.T) {
	store := audited(t)
	schemaIs := func() (is string) {
		raw(t, store, func(tx *bolt.Tx) error { is = string(tx.Bucket([]byte(bucketMeta)).Get([]byte(keySchema))); return nil })
		return is
	}
	raw(t, store, func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Put([]byte(keySchema), []byte("1")) })
	if _, err := store.List(t.Context(), ""); err != nil || schemaIs() != "1" {
		t.Fatalf("to read it is not to change it: schema %s, %v", schemaIs(), err)
	}
	if _, err := store.Update(t.Context(), testID, func(i *model.Instance) error { i.State = model.Failed; return nil }); err != nil || schemaIs() != "2" {
		t.Errorf("schema %s, %v", schemaIs(), err)
	}
}
