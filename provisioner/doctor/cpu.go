package doctor

import (
	"context"
	"os"
	"slices"
	"strings"
)

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

const vulnerabilities = "/sys/devices/system/cpu/vulnerabilities"

// checkVulnerabilities reports what the kernel itself calls "Vulnerable". "SMT vulnerable", in lower case, stands
// beside a mitigation and is the smt check's matter.
func checkVulnerabilities(_ context.Context, e *env) Result {
	if slices.Contains(strings.Fields(e.value("/proc/cmdline")), "mitigations=off") {
		return fail("sed -i 's/ *mitigations=off//' /etc/default/grub /etc/default/grub.d/* && update-grub && reboot",
			"the kernel was booted with mitigations=off")
	}
	entries, err := os.ReadDir(e.path(vulnerabilities))
	if err != nil {
		return warn(install("linux-image-amd64")+" && reboot", "the kernel does not say: %s %s", vulnerabilities, plain(err))
	}
	var open []string
	for _, f := range entries {
		if strings.Contains(e.value(vulnerabilities+"/"+f.Name()), "Vulnerable") {
			open = append(open, f.Name())
		}
	}
	if len(open) == 0 {
		return ok("none of %d known ones is open", len(entries))
	}
	return warn(e.microcode(), "open: %s", strings.Join(open, ", "))
}

// microcode is the remedy for most of them; a virtual machine cannot load its own.
func (e *env) microcode() string {
	cpuinfo := e.value("/proc/cpuinfo")
	if hasFlag(cpuinfo, "hypervisor") {
		return "this host is a virtual machine: its provider has to update the microcode below"
	}
	if vendor := cpuField(cpuinfo, "vendor_id"); len(vendor) > 0 && vendor[0] == "AuthenticAMD" {
		return install("amd64-microcode") + " && reboot   # from non-free-firmware"
	}
	return install("intel-microcode") + " && reboot   # from non-free-firmware"
}
