package probe

// systemChecks are the promises of every profile.
func systemChecks() []Check {
	checks := []Check{
		systemRootReadonly(),
		systemRootDevice(),
		systemMounts(),
		systemSysctl(),
		systemModulesLocked(),
		systemLockdown(),
		systemSecrets(),
		systemPtrace(),
		systemCoreDumps(),
		systemSetuid(),
		systemAppArmor(),
		systemLocalAccounts(),
		systemHostKey(),
		systemNames(),
	}
	for i := range checks {
		checks[i].Profiles = []string{Plain, Docker, K3s}
	}
	return checks
}

func systemAttempts() map[string]attempt {
	return map[string]attempt{
		secretsName: attemptSecrets,
		traceName:   attemptTrace,
		openName:    attemptOpen,
	}
}
