package doctor

import "context"

// checkSMT looks for hardware threads of one core that two tenants could get, unless libvirt schedules by core.
func checkSMT(_ context.Context, e *env) Result {
	if e.value("/sys/devices/system/cpu/smt/active") != "1" {
		return ok("off: no two tenants share a core")
	}
	switch conf, err := e.read(qemuConf); {
	case err != nil && e.exists(qemuConf):
		return warn("sudo holm doctor", "on; %s %s", qemuConf, plain(err))
	case confValue(conf, "sched_core") == "vcpus" || confValue(conf, "sched_core") == "full":
		return ok("on, and libvirt lets no two instances share a core (sched_core)")
	default:
		return warn(`echo 'sched_core = "vcpus"' >> `+qemuConf+" && "+e.reload(), "on: two tenants can share a core")
	}
}
