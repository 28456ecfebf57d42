package encode

import (
	v1 "holm/api/v1"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
)

// OperationList is any number of operations.
func OperationList(all []model.Operation) v1.OperationList {
	return v1.OperationList{Operations: list(all, Operation)}
}

// Operation is one.
func Operation(op model.Operation) v1.Operation {
	return v1.Operation{
		ID: op.ID, Kind: op.Kind, Instance: op.Instance, Tenant: op.Tenant, Name: op.Name, Pool: op.Pool, Actor: op.Actor,
		Status: string(op.Status), Steps: op.Steps, Error: op.Error, Started: utc(op.Started), Ended: utc(op.Ended),
	}
}

// ClosedOperations are those that dead processes left.
func ClosedOperations(all []operations.Closed) []v1.ClosedOperation {
	return list(all, func(c operations.Closed) v1.ClosedOperation {
		return v1.ClosedOperation{Operation: Operation(c.Operation), Remedy: c.Remedy}
	})
}

// EndedInstances are those that were seen to have ended without holm.
func EndedInstances(all []operations.Ended) []v1.EndedInstance {
	return list(all, func(e operations.Ended) v1.EndedInstance {
		return v1.EndedInstance{Tenant: e.Tenant, Name: e.Name, What: e.What}
	})
}

// PausedInstances are those that their disk stopped.
func PausedInstances(all []instances.Paused) []v1.PausedInstance { return list(all, paused) }

// RebuiltNetworks are those whose rules were not as they are on record.
func RebuiltNetworks(all []networks.Rebuilt) []v1.RebuiltNetwork {
	return list(all, func(n networks.Rebuilt) v1.RebuiltNetwork { return v1.RebuiltNetwork{Network: n.Network, What: n.What} })
}
