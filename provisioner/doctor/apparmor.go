package doctor

import (
	"context"
	"crypto/md5" //nolint:gosec // what dpkg keeps of the files it installed
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	qemuConf = "/etc/libvirt/qemu.conf"
	dpkg     = "/var/lib/dpkg/status"

	// What every guest's profile includes, and what that includes in its turn if it is there.
	shared      = "/etc/apparmor.d/abstractions/libvirt-qemu"
	sharedMore  = shared + ".d"
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
	for _, file := range append([]string{abstraction}, e.sharedMore()...) {
		if rules := widened(e.value(file)); len(rules) > 0 {
			return warn("cp "+file+" /root/ && : > "+file+" && "+e.reload(),
				"enforcing, but %s gives every guest: %s", file, strings.Join(rules, " "))
		}
	}
	if e.changed(shared) {
		return warn("mv "+shared+" /root/ && apt-get install -y --reinstall -o Dpkg::Options::=--force-confmiss"+
			" $(dpkg -S "+shared+" | cut -d: -f1) && "+e.reload(),
			"enforcing, but %s, which every guest's profile includes, is not as Debian ships it", shared)
	}
	return ok("enforcing; the shared libvirt abstraction is as Debian ships it")
}

// sharedMore returns the files that the shared abstraction includes from its folder.
func (e *env) sharedMore() []string {
	entries, err := os.ReadDir(e.path(sharedMore))
	if err != nil {
		return nil // as good as always it is not there
	}
	files := make([]string, 0, len(entries))
	for _, entry := range entries {
		files = append(files, filepath.Join(sharedMore, entry.Name()))
	}
	return files
}

// changed says whether a configuration file differs from what dpkg installed. Of a file that dpkg knows nothing of there is
// nothing to say.
func (e *env) changed(file string) bool {
	_, known, ok := strings.Cut(e.value(dpkg), "\n "+file+" ")
	if !ok {
		return false
	}
	digest, _, _ := strings.Cut(known, "\n")
	digest, _, _ = strings.Cut(digest, " ") // a word may follow: "obsolete"
	content, err := os.ReadFile(e.path(file))
	sum := md5.Sum(content) //nolint:gosec // against an oversight, not against somebody who forges
	return err != nil || hex.EncodeToString(sum[:]) != digest
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
