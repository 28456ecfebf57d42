package v1

// Reconciled is what there was to bring in line with the records.
type Reconciled struct {
	// DryRun: nothing was changed.
	DryRun bool `json:"dry_run"`
	// Operations are those of dead processes, closed.
	Operations []ClosedOperation `json:"operations"`
	// Unfinished are instances that somebody has to remove or to make again.
	Unfinished []EndedInstance `json:"unfinished"`
	// Instances are those that changed without holm.
	Instances []EndedInstance `json:"instances"`
	// Paused are instances that their disk stopped.
	Paused []PausedInstance `json:"paused"`
	// Networks are those whose rules in the kernel were not as they are on record.
	Networks []RebuiltNetwork `json:"networks"`
}

// ClosedOperation is an operation that a dead process left, with how it has ended, or would be said to have.
type ClosedOperation struct {
	Operation
	// Remedy is what to do about one that is "stuck".
	Remedy string `json:"remedy,omitempty"`
}

// EndedInstance is an instance that was seen to have ended without holm, and what was done about it.
type EndedInstance struct {
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// Name is the instance's.
	Name string `json:"name"`
	// What is said of it, in a line.
	What string `json:"what"`
}

// PausedInstance is an instance that was paused because of its disk.
type PausedInstance struct {
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// Name is the instance's.
	Name string `json:"name"`
	// Pool is where its volume lies; left out for the state directory.
	Pool string `json:"pool,omitempty"`
	// Why it was paused, in a line.
	Why string `json:"why"`
	// Resumed: there is room again, and it goes on.
	Resumed bool `json:"resumed"`
}

// RebuiltNetwork is a network whose rules in the kernel were not as they are on record.
type RebuiltNetwork struct {
	// Network is its name.
	Network string `json:"network"`
	// What was found, in a line.
	What string `json:"what"`
}
