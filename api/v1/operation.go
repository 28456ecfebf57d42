package v1

import "time"

// Operation is one change of one instance: who made it, how far it got and how it ended.
type Operation struct {
	// ID sorts by time.
	ID string `json:"id"`
	// Kind is what was done: "create", "start", "destroy" …
	Kind string `json:"kind"`
	// Instance is the instance's id.
	Instance string `json:"instance"`
	// Tenant is whom the instance belongs, or belonged, to.
	Tenant string `json:"tenant"`
	// Name is the instance's.
	Name string `json:"name"`
	// Pool is where its volume lay then; left out for the state directory.
	Pool string `json:"pool,omitempty"`
	// Actor is who began it, as the audit log writes it: "uid 0".
	Actor string `json:"actor,omitempty"`
	// Status is "running", "undoing", "done", "undone", or "stuck": something was left behind.
	Status string `json:"status"`
	// Steps are those that have begun, in order; the last ones may not have finished.
	Steps []string `json:"steps,omitempty"`
	// Error is why it failed, in a line.
	Error string `json:"error,omitempty"`
	// Started is when it began.
	Started time.Time `json:"started"`
	// Ended is when it was over; left out while it is not.
	Ended time.Time `json:"ended,omitzero"`
}

// OperationList is what `operation ls` prints.
type OperationList struct {
	// Operations are in the order in which they began.
	Operations []Operation `json:"operations"`
}
