package k3s

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holm/guest/k3sapi"
	"holm/guest/keeper"
	"holm/guest/probe"
)

func netpol() k3sRule {
	return k3sRule{
		id:      "k3s-netpol",
		source:  "CIS Kubernetes 5.3.2; k3s hardening guide",
		promise: "In every namespace but kube-system nothing is reached or reaches out but DNS, from before its first pod on.",
		tried:   "make a namespace, and compare the policies of every one and what was there first",
		alone:   true,
		try:     tryK3sNetpol,
	}
}

func tryK3sNetpol(ctx context.Context, run *k3sRun, tried string) probe.Result {
	var seen k3sPolicies
	// The keeper may be about to put right what somebody has just spoiled.
	err := until(ctx, 2*time.Second, func() (err error) {
		if seen, err = run.lookAtPolicies(ctx); err == nil && seen.wrong != "" {
			err = errors.New(seen.wrong)
		}
		return err
	})
	switch {
	case seen.wrong != "":
		return probe.Failed(tried, "%s", seen.wrong)
	case err != nil:
		return probe.Inconclusive(tried, "%s", short(err))
	}
	names := make([]string, 0, len(keeper.Policies()))
	for _, p := range keeper.Policies() {
		names = append(names, p.Metadata.Name)
	}
	return probe.Passed(tried, "%s in %d namespaces; in the new one before its first pod", strings.Join(names, ", "), seen.guarded)
}

// k3sPolicies is what the network policies of all namespaces come to.
type k3sPolicies struct {
	guarded int    // namespaces that admit pods
	wrong   string // what is wrong with one of them
}

// lookAtPolicies finds a namespace that admits pods and lacks a policy, or has one that says something else.
func (r *k3sRun) lookAtPolicies(ctx context.Context) (seen k3sPolicies, err error) {
	var namespaces k3sapi.List[k3sapi.Namespace]
	var policies k3sapi.List[keeper.Policy]
	if err := r.api.Get(ctx, k3sapi.Namespaces, &namespaces); err != nil {
		return seen, err
	}
	if err := r.api.Get(ctx, k3sapi.NetworkPolicies, &policies); err != nil {
		return seen, err
	}
	count, last := map[string]int{}, 0
	for _, p := range policies.Items {
		if !p.AsWanted() {
			continue
		}
		count[p.Metadata.Namespace]++
		if p.Metadata.Namespace == r.name {
			last = max(last, k3sVersion(p.Metadata))
		}
	}
	want := len(keeper.Policies())
	if count[r.name] != want {
		seen.wrong = fmt.Sprintf("the new namespace has %d of %d policies", count[r.name], want)
	}
	for _, ns := range namespaces.Items {
		name, version := ns.Metadata.Name, k3sVersion(ns.Metadata)
		switch {
		case name == keeper.Exempt || ns.Metadata.Labels[keeper.Label] == "" || ns.Metadata.DeletionTimestamp != nil:
			continue // without the mark it admits no pod: that is another check
		case count[name] != want:
			seen.wrong = fmt.Sprintf("namespace %q has %d of %d policies", name, count[name], want)
		case name == r.name && last >= version:
			seen.wrong = fmt.Sprintf("the new namespace was marked at version %d, before its policies at %d", version, last)
		}
		seen.guarded++
	}
	return seen, nil
}

// k3sVersion is the datastore's revision at which an object was written last: one counter for all objects.
func k3sVersion(m k3sapi.Meta) int {
	version, err := strconv.Atoi(m.ResourceVersion)
	if err != nil {
		return 0
	}
	return version
}
