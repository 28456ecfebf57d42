package records

import (
	"context"
	"fmt"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// users is where they are kept, by number: a tenant that is made again is another one.
func users() shelf[model.TenantUser] {
	return shelf[model.TenantUser]{
		bucket: bucketUsers, noun: "user",
		name: func(u model.TenantUser) string { return strconv.Itoa(u.UID) },
		note: func(u model.TenantUser) string { return fmt.Sprintf("%d is %s's", u.UID, u.Tenant) },
	}
}

// Users returns all numbers that were ever given to a tenant.
func (b *Bolt) Users(ctx context.Context) ([]model.TenantUser, error) { return users().list(ctx, b) }

// TakeUser returns the number of a tenant; a tenant without one is given that which choose returns, in the same transaction.
// choose is given all that were ever given to anybody; an error from it is returned as it is, and nothing is stored.
func (b *Bolt) TakeUser(ctx context.Context, tenant string, now time.Time,
	choose func(given []model.TenantUser) (int, error),
) (user model.TenantUser, err error) {
	if err := validKey("tenant's name", tenant); err != nil {
		return user, err
	}
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		given, err := users().all(b, tx)
		if err != nil {
			return change{}, err
		}
		taken := map[int]bool{}
		for _, u := range given {
			if u.Tenant == tenant && u.Left.IsZero() {
				user = u
				return change{}, nil
			}
			taken[u.UID] = true
		}
		user = model.TenantUser{Tenant: tenant, Since: now}
		if err := call(func() (err error) { user.UID, err = choose(given); return err }); err != nil {
			return change{}, err
		}
		if user.UID <= 0 || taken[user.UID] {
			return change{}, fmt.Errorf("user %d cannot be given to tenant %q", user.UID, tenant)
		}
		if _, err := tx.CreateBucketIfNotExists([]byte(bucketUsers)); err != nil {
			return change{}, err
		}
		return users().put(tx, user, "add")
	})
	if err != nil {
		return model.TenantUser{}, err
	}
	return user, nil
}

// retire remembers, in the transaction that removes a tenant, that the one which had a number is no more.
func retire(b *Bolt, tx *bolt.Tx, tenant string) error {
	given, err := users().all(b, tx)
	if err != nil {
		return err
	}
	for _, u := range given {
		if u.Tenant != tenant || !u.Left.IsZero() {
			continue
		}
		u.Left = b.now().UTC()
		c, err := users().put(tx, u, "update")
		if err != nil {
			return err
		}
		return appendAudit(tx, c, b.now(), b.actor())
	}
	return nil
}
