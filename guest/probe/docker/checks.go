// Package docker tries to break what rootless Docker promises, from inside containers and beside them: one file a rule.
package docker

import "holm/guest/probe"

// Checks are the promises of profile docker. Those that a container tries share one run of two containers, which
// belongs to the list: whoever wants them tried again asks for a new list.
func Checks() []probe.Check {
	run := &share{}
	return []probe.Check{
		rootless(),
		noRootful(),
		noTCP(),
		caps(run),
		seccomp(run),
		setuidCheck(run),
		socketCheck(run),
		userNSCheck(run),
		limits(run),
		icc(run),
		dockerPrivileged(run),
	}
}

// check is a check of profile docker.
func check(c probe.Check) probe.Check {
	c.Profiles = []string{probe.Docker}
	return c
}
