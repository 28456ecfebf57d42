// Package system tries to break what the system of every instance promises, whatever its profile: one file a rule.
package system

import "holm/guest/probe"

// Checks are the promises of every profile.
func Checks() []probe.Check {
	checks := []probe.Check{
		rootReadonly(),
		rootDevice(),
		mounts(),
		systemSysctl(),
		modulesLocked(),
		lockdown(),
		secrets(),
		ptrace(),
		coreDumps(),
		setuid(),
		appArmor(),
		localAccounts(),
		systemHostKey(),
		names(),
	}
	for i := range checks {
		checks[i].Profiles = []string{probe.Plain, probe.Docker, probe.K3s}
	}
	return checks
}

// Attempts are those that another process makes, by name.
func Attempts() map[string]probe.Attempt {
	return map[string]probe.Attempt{
		secretsName: attemptSecrets,
		traceName:   attemptTrace,
		openName:    attemptOpen,
	}
}
