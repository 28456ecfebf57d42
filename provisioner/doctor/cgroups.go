package doctor

import (
	"context"
	"slices"
	"strings"
)

// checkCgroups asks for what limits an instance's CPU, memory and processes on the host.
func checkCgroups(_ context.Context, e *env) Result {
	if !e.exists("/sys/fs/cgroup/cgroup.controllers") {
		return warn(bootOption("systemd.unified_cgroup_hierarchy=1"),
			"version 1: limits work, delegation to unprivileged users does not")
	}
	have := strings.Fields(e.value("/sys/fs/cgroup/cgroup.controllers"))
	var missing []string
	for _, c := range []string{"cpu", "memory", "pids"} {
		if !slices.Contains(have, c) {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return fail("sed -i 's/ *cgroup_disable=[a-z,]*//' /etc/default/grub && update-grub && reboot",
			"version 2 lacks the controllers %s: instances cannot be limited", strings.Join(missing, ", "))
	}
	return ok("version 2 with cpu, memory, pids")
}
