package cloudinit

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxQuoted is how many bytes of a refused value an error repeats: enough to recognise it, too few to flood a screen.
const maxQuoted = 48

var (
	hostname = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	userName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,30}$`)
	dnsName  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// ValidateHostname says whether name can be the host name of an instance: one lower-case DNS label of at most 63
// bytes that starts with a letter and ends with a letter or a digit. The error is a *fault.Error of kind Usage.
func ValidateHostname(name string) error {
	if !hostname.MatchString(name) {
		return usage("use 1 to 63 of a-z, 0-9 and \"-\", starting with a letter and not ending with \"-\"",
			"host name %s is not allowed", quote(name))
	}
	// The guest resolves this name to its loopback address whatever its host name is.
	if name == "localhost" {
		return usage("choose another name", "host name %q means every machine to itself", name)
	}
	return nil
}

// maxAPINames is how many names a certificate of the API gets besides those that it has anyway.
const maxAPINames = 8

// ValidateAPINames says whether names can stand in the certificate of an instance's Kubernetes API: DNS names and
// addresses, and only where there is such an API. The error is a *fault.Error of kind Usage.
func ValidateAPINames(profile string, names []string) error {
	switch {
	case len(names) == 0:
		return nil
	case profile != ProfileK3s:
		return usage("leave it out, or choose the profile k3s",
			"an instance of profile %s serves no Kubernetes API that has a name", quote(profile))
	case len(names) > maxAPINames:
		return usage("name those that are used", "%d names of the API are too many: at most %d", len(names), maxAPINames)
	}
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil && addr.Zone() == "" {
			continue
		}
		if len(name) > 253 || !dnsName.MatchString(name) {
			return usage("use a name such as kube.example.org, in lower case, or an address", "name %s of the API is not allowed", quote(name))
		}
	}
	return nil
}

// ValidateUser says whether name can be the login name of an instance's user: it must not be, or share its group
// with, an account that Debian has already. The error is a *fault.Error of kind Usage.
func ValidateUser(name string) error {
	if !userName.MatchString(name) {
		return usage("use 1 to 31 of a-z, 0-9, \"_\" and \"-\", starting with a letter or \"_\"",
			"user name %s is not allowed", quote(name))
	}
	if reservedUser(name) {
		return usage("choose a name of your own, such as ops", "user name %q belongs to the guest's system", name)
	}
	return nil
}

// reservedUser knows the users and the groups of Debian 13 with the packages that images carry. Groups count, because
// useradd makes a group of the user's name and fails where there is one; "default" counts, because cloud-init takes
// it for the distribution's own user.
func reservedUser(name string) bool {
	return strings.HasPrefix(name, "systemd-") || slices.Contains(systemNames(), name) ||
		slices.Contains(daemonUsers(), strings.TrimPrefix(name, "_"))
}

func systemNames() []string {
	return []string{
		"root", "default", "holm", "nobody", "nogroup", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail",
		"news", "uucp", "proxy", "www-data", "backup", "list", "irc", "gnats",
		"adm", "tty", "disk", "dialout", "fax", "voice", "cdrom", "floppy", "tape", "sudo", "audio", "dip", "operator",
		"src", "kmem", "shadow", "utmp", "video", "sasl", "plugdev", "staff", "users", "input", "sgx", "clock", "kvm",
		"render", "crontab", "netdev", "wheel", "admin", "docker",
	}
}

// daemonUsers are accounts of daemons; newer packages put "_" in front of the same name.
func daemonUsers() []string {
	return []string{
		"apt", "ssh", "sshd", "messagebus", "polkitd", "dhcpcd", "dnsmasq", "chrony", "ntp", "ntpsec", "uuidd", "tss",
		"tcpdump", "syslog", "lxd", "containerd", "dockremap", "kube", "etcd", "rancher", "libvirt", "libvirt-qemu",
	}
}

// quote makes a hostile value fit for one line of an error.
func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(strings.ToValidUTF8(s[:maxQuoted], "")) + "… (" + strconv.Itoa(len(s)) + " bytes)"
	}
	return strconv.Quote(s)
}
