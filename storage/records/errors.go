package records

import "errors"

// Errors that every store returns, wrapped with the name or the id that was asked for.
var (
	// ErrNotFound means that no record has that name or id.
	ErrNotFound = errors.New("not found")
	// ErrExists means that the name is taken within its tenant.
	ErrExists = errors.New("exists already")
	// ErrRotated means that the tenant has another key by now than that with which something was sealed.
	ErrRotated = errors.New("sealed with a key that was rotated meanwhile")
	// ErrBusy means that another process held the database for longer than the store waits.
	ErrBusy = errors.New("the database is in use by another process")
)
