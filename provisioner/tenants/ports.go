package tenants

import (
	"context"

	"holm/storage/keys"
)

// HostKeys has the key with which tenants' keys are sealed. Implementation: keys.Keeper.
type HostKeys interface {
	// Key returns it. want is the id of the one that has sealed what is to be opened, "" when there is nothing yet; make says whether it
	// may be made now.
	Key(want string, make bool) (keys.Key, error)
	// Hold keeps others from exchanging it until release.
	Hold(ctx context.Context) (release func(), err error)
}
