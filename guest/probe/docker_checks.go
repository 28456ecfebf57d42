package probe

// dockerChecks are the promises of profile docker. Those that a container tries share one run of two containers, which
// belongs to the list: whoever wants them tried again asks for a new list.
func dockerChecks() []Check {
	run := &dockerShare{}
	return []Check{
		dockerRootless(),
		dockerNoRootful(),
		dockerNoTCP(),
		dockerCaps(run),
		dockerSeccomp(run),
		dockerSetuidCheck(run),
		dockerSocketCheck(run),
		dockerUserNSCheck(run),
		dockerLimits(run),
		dockerICC(run),
		dockerPrivileged(run),
	}
}

// dockerCheck is a check of profile docker.
func dockerCheck(c Check) Check {
	c.Profiles = []string{Docker}
	return c
}
