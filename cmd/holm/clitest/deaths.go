package clitest

import (
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/networks"
	"holm/provisioner/operations"
)

// AfterDeaths is a world in which holms have died, and more has happened.
func AfterDeaths() *World {
	w := New()
	op := w.History[2]
	op.Status, op.Error, op.Ended = model.Stuck, "its process ended without writing down how: the instance was left unfinished (creating)", Now
	w.Closed = []operations.Closed{{Operation: op, Remedy: "remove what there is: holm rm build --tenant acme"}}
	w.Wrecks = []operations.Ended{{Tenant: "acme", Name: "build", What: "was left unfinished (creating): remove what there is: holm rm build --tenant acme"}}
	w.Drifted = []operations.Ended{{Tenant: "default", Name: "off", What: "was switched off from within"}}
	w.Paused = []instances.Paused{{Tenant: "default", Name: "web", Pool: "fast", Why: "its pool is full"}}
	w.Rebuilt = []networks.Rebuilt{{Network: "holm-default", What: "there is no table"}}
	return w
}
