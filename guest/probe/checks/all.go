// Package checks lists all that an instance tries against itself: what it promises.
package checks

import (
	"slices"

	"holm/guest/probe"
	"holm/guest/probe/docker"
	"holm/guest/probe/k3s"
	"holm/guest/probe/system"
)

// all lists every check, in the order in which they are shown.
func all() []probe.Check {
	return slices.Concat(system.Checks(), docker.Checks(), k3s.Checks())
}

// For returns the checks of a profile, in the order in which they are shown.
func For(profile string) []probe.Check {
	var own []probe.Check
	for _, c := range all() {
		if slices.Contains(c.Profiles, profile) {
			own = append(own, c)
		}
	}
	return own
}

// IDs are the ids of the checks of a profile.
func IDs(profile string) []string {
	var ids []string
	for _, c := range For(profile) {
		ids = append(ids, c.ID)
	}
	return ids
}
