package views

import (
	"holm/provisioner/environment"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/parts"
)

// Instance is an instance as it is shown: its record and what the hypervisor says now.
type Instance struct {
	model.Instance
	DomainState hypervisor.State `json:"domain_state"`
	// Status is the word for people: ready, booting, stopped, failed, creating, "broken" (record and domain disagree).
	Status string `json:"status"`
	// Now says how the guest is, when that is not what is on record, or why nobody knows.
	Now string `json:"now,omitempty"`
	// Stalled says why it is paused, when the hypervisor paused it because of a disk.
	Stalled string `json:"stalled,omitempty"`
	// Wrong are the parts of it that are not as they are on record.
	Wrong []parts.Finding `json:"wrong,omitempty"`
	// InForce is what it is told of the world at its next start, without passwords.
	InForce environment.InForce `json:"in_force"`
	// VolumeBytes is what the state volume takes in its pool; 0 when that cannot be told.
	VolumeBytes int64 `json:"volume_bytes"`
	// Operation is the id of the one that has changed it, where a verb that does so prints it.
	Operation string `json:"operation,omitempty"`
}

// Row is an instance in a list.
type Row struct {
	model.Summary
	Status string `json:"status"`
}
