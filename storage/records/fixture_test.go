package records

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// fixtures are databases that earlier versions made, and the schema that a change makes of each. A line is added when the schema
// changes, or a record in a way that asks for more than to ignore a field; none is ever taken away.
var fixtures = []struct{ name, schema, becomes string }{
	{"schema1", "1", "2"},
	{"schema2", "2", "2"},
	{"schema3-archived", "3", "3"},
}

func unpack(t *testing.T, name string) *Bolt {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", "fixtures", name+".db.gz"))
	done(t, err)
	defer func() { _ = packed.Close() }()
	z, err := gzip.NewReader(packed)
	done(t, err)
	content, err := io.ReadAll(z)
	done(t, err)
	store := Open(filepath.Join(t.TempDir(), "holm.db"))
	put(t, store.path, content)
	return store
}

func schemaIn(t *testing.T, store *Bolt) (is string) {
	t.Helper()
	raw(t, store, func(tx *bolt.Tx) error { is = string(tx.Bucket([]byte(bucketMeta)).Get([]byte(keySchema))); return nil })
	return is
}

// What the version that made it said is in it is what this one reads.
func TestADatabaseOfAnEarlierVersionIsReadWhole(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			store := unpack(t, f.name)
			want, err := os.ReadFile(filepath.Join("testdata", "fixtures", f.name+".json"))
			done(t, err)
			if diff := cmp.Diff(string(want), string(tell(t, store))); diff != "" {
				t.Errorf("(-as it was made +as it is read):\n%s", diff)
			}
			done(t, store.VerifyAudit(t.Context()))
			if is := schemaIn(t, store); is != f.schema {
				t.Errorf("to read it made schema %s of %s", is, f.schema)
			}
		})
	}
}

func TestADatabaseOfAnEarlierVersionIsWrittenOn(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			store := unpack(t, f.name)
			before := told(t, store)
			touch(t, store)
			done(t, store.VerifyAudit(t.Context()))
			if is := schemaIn(t, store); is != f.becomes {
				t.Errorf("schema %s is %s after a change, want %s", f.schema, is, f.becomes)
			}
			if diff := cmp.Diff(before, told(t, store)); diff != "" {
				t.Errorf("all was changed and changed back (-before +after):\n%s", diff)
			}
			use(t, store)
			done(t, store.VerifyAudit(t.Context()))
		})
	}
}

// told is what tell tells, without the audit log.
func told(t *testing.T, store *Bolt) (all map[string]any) {
	t.Helper()
	done(t, json.Unmarshal(tell(t, store), &all))
	delete(all, "audit")
	return all
}

// touch changes each record and changes it back.
func touch(t *testing.T, store *Bolt) {
	t.Helper()
	ctx := t.Context()
	for range 2 {
		_, err := store.SetHost(ctx, func(h *model.Host) error { h.LabMode = !h.LabMode; return nil })
		done(t, err)
		list, err := store.List(ctx, "")
		done(t, err)
		for _, row := range list {
			_, err := store.Update(ctx, row.ID, func(i *model.Instance) error { i.Unlocked = !i.Unlocked; return nil })
			done(t, err)
		}
		tenants, err := store.Tenants(ctx)
		done(t, err)
		for _, one := range tenants {
			_, err := store.UpdateTenant(ctx, one.Name, func(tenant *model.Tenant, _ model.Resources) error {
				tenant.Quota.DiskGiB ^= 1
				return nil
			})
			done(t, err)
		}
		pools, err := store.Pools(ctx)
		done(t, err)
		for _, one := range pools {
			_, err := store.UpdatePool(ctx, one.Name, func(p *model.Pool) error { p.Health.Told = !p.Health.Told; return nil })
			done(t, err)
		}
		flavors, err := store.Flavors(ctx)
		done(t, err)
		for _, one := range flavors {
			other := one
			other.VCPUs++
			done(t, errors.Join(store.SetFlavor(ctx, other), store.SetFlavor(ctx, one)))
		}
		operations, err := store.Operations(ctx, "")
		done(t, err)
		for _, one := range operations {
			other := one
			other.Name += "x"
			done(t, errors.Join(store.PutOperation(ctx, other), store.PutOperation(ctx, one)))
		}
	}
}

// use makes and removes what there is of each kind.
func use(t *testing.T, store *Bolt) {
	t.Helper()
	l := &life{t: t, store: store, now: day.AddDate(1, 0, 0), count: 77}
	anew := l.instance("acme", "anew")
	anew.Key.By = "tacme2"
	l.create(anew, model.Done, "", "folder")
	ctx := t.Context()
	_, err := store.RotateKey(ctx, "acme", func(key *model.TenantKey, own []model.Instance) error {
		if len(own) != 3 {
			t.Errorf("acme has %d instances", len(own))
		}
		key.Key = sealed("tacme3", "host")
		return nil
	})
	done(t, err)
	user, err := store.TakeUser(ctx, "zoo", day, func([]model.TenantUser) (int, error) { return 0, errors.New("it has one") })
	if err != nil || user.UID != 2_000_000_002 {
		t.Errorf("zoo has the user %d, %v", user.UID, err)
	}
	list, err := store.List(ctx, "")
	done(t, err)
	for _, row := range list {
		done(t, store.Drop(ctx, row.ID))
	}
	for _, name := range []string{"acme", "zoo", "default"} {
		done(t, store.DropTenant(ctx, name, none))
	}
	done(t, store.DropPool(ctx, "fast", none))
	done(t, store.DropFlavor(ctx, "huge"))
}

// What only a newer version knows stays, in a file that an older one made, too.
func TestUnknownFieldsOfAnEarlierDatabaseSurvive(t *testing.T) {
	const mark = `{"from_the_future":{"x":[1,2]},`
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			store := unpack(t, f.name)
			marked := []string{bucketInstances, bucketTenants, bucketPools, bucketFlavors}
			each := func(visit func(bucket *bolt.Bucket, key []byte, value string) error) {
				raw(t, store, func(tx *bolt.Tx) error {
					for _, name := range marked {
						bucket, all := tx.Bucket([]byte(name)), map[string]string{}
						done(t, bucket.ForEach(func(k, v []byte) error { all[string(k)] = string(v); return nil }))
						for key, value := range all {
							done(t, visit(bucket, []byte(key), value))
						}
					}
					return nil
				})
			}
			each(func(bucket *bolt.Bucket, key []byte, value string) error {
				return bucket.Put(key, []byte(strings.Replace(value, "{", mark, 1)))
			})
			touch(t, store)
			each(func(_ *bolt.Bucket, key []byte, value string) error {
				if !strings.Contains(value, `"from_the_future":{"x":[1,2]}`) {
					t.Errorf("%s has lost it: %s", key, value)
				}
				return nil
			})
		})
	}
}
