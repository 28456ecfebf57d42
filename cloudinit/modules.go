package cloudinit

import "regexp"

// Modules are the lists of cloud-init modules that run at a first boot, in order. A nil list leaves the image's; an
// empty one runs nothing in that stage.
type Modules struct {
	Init   []string
	Config []string
	Final  []string
}

const maxModules = 64

var moduleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// validate accepts a nil *Modules.
func (m *Modules) validate() error {
	if m == nil {
		return nil
	}
	for _, list := range [][]string{m.Init, m.Config, m.Final} {
		if len(list) > maxModules {
			return usage("name those that are needed", "%d cloud-init modules are too many: at most %d", len(list), maxModules)
		}
		for _, name := range list {
			if !moduleName.MatchString(name) {
				return usage("use a name such as users-groups", "cloud-init module %s is not allowed", quote(name))
			}
		}
	}
	return nil
}

// DefaultModules returns the lists of /etc/cloud/cloud.cfg as Debian 13 ships them with cloud-init 25.1: what boots
// when nobody tunes anything. Images carry shorter lists; these are what they are compared with.
func DefaultModules() *Modules {
	return &Modules{
		Init: []string{
			"seed_random", "bootcmd", "write-files", "growpart", "resizefs", "disk_setup", "mounts", "set_hostname",
			"update_hostname", "update_etc_hosts", "ca-certs", "rsyslog", "users-groups", "ssh",
		},
		Config: []string{
			"snap", "ssh-import-id", "keyboard", "locale", "set-passwords", "grub-dpkg", "apt-pipelining",
			"apt-configure", "ntp", "timezone", "disable-ec2-metadata", "runcmd", "byobu",
		},
		Final: []string{
			"package-update-upgrade-install", "fan", "landscape", "lxd", "write-files-deferred", "puppet", "chef",
			"mcollective", "salt-minion", "reset_rmc", "scripts-vendor", "scripts-per-once", "scripts-per-boot",
			"scripts-per-instance", "scripts-user", "ssh-authkey-fingerprints", "keys-to-console", "install-hotplug",
			"phone-home", "final-message", "power-state-change",
		},
	}
}
