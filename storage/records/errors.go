package records

import (
	"errors"

	"holm/internal/fault"
)

// Errors that every store returns, wrapped with the name or the id that was asked for.
var (
	// ErrNotFound means that no record has that name or id.
	ErrNotFound = fault.Sentinel(fault.NotFound, fault.Try("see what is there", "ls"), "not found")
	// ErrExists means that the name is taken within its tenant.
	ErrExists = fault.Sentinel(fault.Exists, "choose another name, or another tenant: --tenant NAME", "exists already")
	// ErrRotated means that the tenant has another key by now than that with which something was sealed.
	ErrRotated = errors.New("sealed with a key that was rotated meanwhile")
	// ErrBusy means that another process held the database for longer than the store waits.
	ErrBusy = fault.Sentinel(fault.DatabaseBusy, fault.Again("wait for it and try again"), "the database is in use by another process")
)
