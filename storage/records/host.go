package records

import (
	"bytes"
	"context"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"holm/provisioner/model"
)

// Host returns the settings of this machine; the zero value when none were made.
func (b *Bolt) Host(ctx context.Context) (host model.Host, err error) {
	err = b.read(ctx, func(tx *bolt.Tx) error {
		host, err = b.host(tx)
		return err
	})
	return host, err
}

// SetHost changes the settings of this machine and returns them, if the rules allow it. The callback must not keep the pointer;
// an error from it is returned as it is, and nothing changes.
func (b *Bolt) SetHost(ctx context.Context, alter func(*model.Host) error, rules ...model.Rule) (host model.Host, err error) {
	err = b.write(ctx, func(tx *bolt.Tx) (change, error) {
		if host, err = b.host(tx); err != nil {
			return change{}, err
		}
		if err := b.ask(tx, rules); err != nil {
			return change{}, err
		}
		if err := call(func() error { return alter(&host) }); err != nil {
			return change{}, err
		}
		meta := tx.Bucket([]byte(bucketMeta))
		value, err := encodeOver(host, meta.Get([]byte(keyHost)))
		if err != nil {
			return change{}, err
		}
		if bytes.Equal(meta.Get([]byte(keyHost)), value) {
			return change{}, nil
		}
		note, err := hostNote(host)
		if err != nil {
			return change{}, err
		}
		return change{kind: "host.set", object: hostObject, note: note, content: value}, meta.Put([]byte(keyHost), value)
	})
	if err != nil {
		return model.Host{}, err
	}
	return host, nil
}

// hostNote is the settings as the audit log tells them, which others may read: no password, and certificates by number.
func hostNote(host model.Host) (string, error) {
	seen := host
	seen.Environment = host.Environment.Shown()
	if n := len(host.Environment.Certificates); n > 0 {
		seen.Environment.Certificates = []string{strconv.Itoa(n)}
	}
	note, err := encode(seen)
	return string(note), err
}

func (b *Bolt) host(tx *bolt.Tx) (model.Host, error) {
	value := tx.Bucket([]byte(bucketMeta)).Get([]byte(keyHost))
	if value == nil {
		return model.Host{}, nil
	}
	host, err := decode[model.Host](value)
	if err != nil {
		return model.Host{}, b.unreadable("the host's settings", err)
	}
	return host, nil
}
