package doctor

import (
	"context"
	"slices"
	"strings"
)

const (
	qemuConf    = "/etc/libvirt/qemu.conf"
	abstraction = "/etc/apparmor.d/local/abstractions/libvirt-qemu"
)

// checkAppArmor looks at all three that it takes to confine each QEMU to its own files: the kernel's module, libvirt's
// use of it, and that nobody has opened the abstraction which every guest's profile includes.
func checkAppArmor(_ context.Context, e *env) Result {
	if e.value("/sys/module/apparmor/parameters/enabled") != "Y" {
		return e.isolation(bootOption("apparmor=1 security=apparmor"), "the kernel does not enforce it")
	}
	info, err := e.libvirt()
	if err != nil {
		return e.isolation(e.startLibvirt(), "enabled in the kernel; libvirt does not say whether it uses it")
	}
	if !slices.Contains(info.SecurityModels, "apparmor") {
		if driver := confValue(e.value(qemuConf), "security_driver"); driver != "" && driver != "apparmor" {
			return e.isolation(`sed -i 's/^security_driver.*/security_driver = "apparmor"/' `+qemuConf+" && "+e.reload(),
				"%s sets security_driver = %s", qemuConf, driver)
		}
		return e.isolation(install("apparmor", "libvirt-daemon-system")+" && "+e.reload(),
			"enabled in the kernel, but libvirt does not use it")
	}
	if rules := widened(e.value(abstraction)); len(rules) > 0 {
		return warn("cp "+abstraction+" /root/ && : > "+abstraction+" && "+e.reload(),
			"enforcing, but %s gives every guest: %s", abstraction, strings.Join(rules, " "))
	}
	return ok("enforcing; the shared libvirt abstraction is as Debian ships it")
}

// widened returns the rules of an AppArmor file that give something: no comments, no denials.
func widened(text string) []string {
	var rules []string
	for line := range strings.Lines(text) {
		rule := strings.TrimSpace(line)
		comment := strings.HasPrefix(rule, "#") && !strings.HasPrefix(rule, "#include")
		denial := strings.HasPrefix(strings.TrimPrefix(rule, "audit "), "deny ")
		if rule != "" && !comment && !denial {
			rules = append(rules, rule)
		}
	}
	return rules
}
