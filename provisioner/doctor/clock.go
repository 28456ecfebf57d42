package doctor

import "context"

// checkClock matters for certificates inside the guests, which take their first time from the host, and for the
// audit log.
func checkClock(_ context.Context, e *env) Result {
	synced, err := e.Probes.Synchronised()
	remedy := install("systemd-timesyncd") + " && timedatectl set-ntp true"
	if !e.systemd() {
		remedy = install("chrony") + " && chronyd"
	}
	switch {
	case err != nil:
		return warn(remedy, "not known: %v", err)
	case !synced:
		return warn(remedy, "not synchronised")
	default:
		return ok("synchronised")
	}
}
