package instances

import "context"

// ImageRemover removes images that no instance needs.
type ImageRemover struct {
	// Users is a Service.
	Users interface {
		WithImageUsers(ctx context.Context, do func(users map[string][]string) error) error
	}
	// Store keeps images. Implementation: images.
	Store interface {
		Remove(digest string, usedBy []string) error
	}
}

// Remove removes images by their digests, one after the other, until one cannot be; removed is told of each. Meanwhile no instance
// begins to need one.
func (r ImageRemover) Remove(ctx context.Context, digests []string, removed func(digest string)) error {
	return r.Users.WithImageUsers(ctx, func(users map[string][]string) error {
		for _, digest := range digests {
			if err := r.Store.Remove(digest, users[digest]); err != nil {
				return err
			}
			removed(digest)
		}
		return nil
	})
}
