package model

import "time"

// Status is how far an operation has come.
type Status string

// The states of an operation. Running and Undoing are what a dead process leaves behind.
const (
	Running Status = "running"
	Undoing Status = "undoing"
	Done    Status = "done"
	Undone  Status = "undone"
	Stuck   Status = "stuck" // undoing failed: something was left behind
)

// Operation is one journaled change of one instance.
type Operation struct {
	ID       string    `json:"id"` // sorts by time: 16 hex digits of UnixNano, "-", 4 random
	Kind     string    `json:"kind"`
	Instance string    `json:"instance"` // instance id
	Tenant   string    `json:"tenant"`
	Name     string    `json:"name"`
	Pool     string    `json:"pool,omitempty"`  // in which its volume lay then
	Actor    string    `json:"actor,omitempty"` // who began it, in the words of the audit log; earlier versions did not write it down
	Status   Status    `json:"status"`
	Steps    []string  `json:"steps,omitempty"` // begun so far, in order; the last ones may not have finished
	Error    string    `json:"error,omitempty"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
}

// Over tells whether it has ended, whichever way.
func (op Operation) Over() bool {
	return op.Status == Done || op.Status == Undone || op.Status == Stuck
}
