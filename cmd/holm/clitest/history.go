package clitest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// doneBefore is what was done to the instances of a new world.
func doneBefore() []model.Operation {
	return []model.Operation{
		{
			ID: "18c2f4a1b2c3d4e5-01ab", Kind: "create", Instance: "0123456789ab", Tenant: "default", Name: "web", Actor: "uid 0, login 1000",
			Status: model.Done, Steps: []string{"folder", "network", "volume", "seed", "defined", "started"},
			Started: Now.Add(-2 * time.Hour), Ended: Now.Add(-2*time.Hour + 31*time.Second),
		},
		{
			ID: "18c2f4a1b2c3d4e6-01ac", Kind: "resize", Instance: "0123456789ab", Tenant: "default", Name: "web", Status: model.Undone,
			Error: "volume: no space left on device", Started: Now.Add(-time.Hour), Ended: Now.Add(-time.Hour + 1500*time.Millisecond),
		},
		{
			ID: "18c2f4a1b2c3d4e7-01cd", Kind: "start", Instance: "0123456789ae", Tenant: "acme", Name: "build", Pool: "fast", Actor: "uid 0",
			Status: operations.Abandoned, Steps: []string{"network", "defined"}, Started: Now.Add(-time.Minute),
		},
	}
}

// began is an operation that a change in a world was, of the kind that the journal calls it.
func began(ctx context.Context, verb, tenant, name string) {
	verb, _, _ = strings.Cut(verb, " ")
	kinds := map[string]string{"remove": "destroy", "cut": "stop"}
	if verb == "wait" || verb == "verify" {
		return
	}
	if verb == "restart" {
		operations.Began(ctx, model.Operation{ID: "id-of-stop", Kind: "stop", Tenant: tenant, Name: name})
		verb = "start"
	}
	kind := cmp.Or(kinds[verb], verb)
	operations.Began(ctx, model.Operation{ID: "id-of-" + kind, Kind: kind, Tenant: tenant, Name: name})
	if kind == "rebuild" {
		operations.Began(ctx, model.Operation{ID: "id-of-start", Kind: "start", Tenant: tenant, Name: name})
	}
}

// History is what was done in a world.
type History struct{ *World }

func (h History) List(_ context.Context, tenant, name string) (found []model.Operation, err error) {
	for _, op := range h.History {
		if (tenant == "" || op.Tenant == tenant) && (name == "" || op.Name == name) {
			found = append(found, op)
		}
	}
	if name != "" && len(found) == 0 {
		return nil, fault.New(fault.NotFound, "see what is kept: holm operation ls --all", "no operation of an instance %q in tenant %q is kept", name, tenant)
	}
	return found, h.FailWith
}

func (h History) Show(_ context.Context, id string) (model.Operation, error) {
	i := slices.IndexFunc(h.History, func(op model.Operation) bool { return op.ID == id })
	if i < 0 {
		return model.Operation{}, fault.New(fault.NotFound, "see what is kept: holm operation ls --all", "no operation %q is kept", id)
	}
	return h.History[i], h.FailWith
}

func (h History) Close(_ context.Context, dry bool) ([]operations.Closed, error) {
	if !dry {
		h.Calls = append(h.Calls, "close operations")
	}
	return h.Closed, h.FailWith
}

func (h History) Unfinished(context.Context) ([]operations.Ended, error) {
	return h.Wrecks, h.FailWith
}
