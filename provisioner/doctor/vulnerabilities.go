package doctor

import (
	"context"
	"os"
	"slices"
	"strings"
)

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
