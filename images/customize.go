package images

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"holm/images/rootfs"
)

// stateDirs are mount points of the state volume; the root file system has to offer them.
var stateDirs = []string{
	"state", "var/lib/docker", "var/lib/containerd", "var/lib/kubelet", "var/lib/rancher", "usr/lib/holm",
}

// pruned is what a build leaves behind that differs from build to build or that nobody needs in a running instance.
// A path that ends in "/" is emptied, not removed.
var pruned = []string{
	"boot/", "run/", "tmp/", "var/tmp/", "var/log/", "var/cache/", "var/lib/apt", "var/lib/systemd/random-seed",
	"var/lib/systemd/catalog/", "var/lib/dbus/machine-id", "var/lib/dpkg/info/format-new", "var/lib/dpkg/available",
	"etc/.pwd.lock", "etc/hostname", "etc/resolv.conf", "etc/machine-id", "etc/apt", "root/.bash_history",
	"etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key.pub", "etc/ssh/ssh_host_rsa_key",
	"etc/ssh/ssh_host_rsa_key.pub", "etc/ssh/ssh_host_ecdsa_key", "etc/ssh/ssh_host_ecdsa_key.pub",
	"etc/cloud/cloud-init.disabled",
	// holm-init loads the image's own profiles; this would compile all of Debian's at each boot.
	"etc/systemd/system/sysinit.target.wants/apparmor.service",
	// The boot does not wait for the time.
	"etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service",
	// Nor for the resolver, which starts once the agent has told it what it needs to know.
	"etc/systemd/system/sysinit.target.wants/systemd-resolved.service", "etc/.resolv.conf.systemd-resolved.bak",
	// Nothing runs them.
	"etc/cron.d", "etc/cron.daily", "etc/cron.hourly", "etc/cron.weekly", "etc/cron.monthly", "etc/crontab",
	// Programs that would run at each login, to say which kernel this is.
	"etc/update-motd.d/",
	// For key exchanges that sshd does not offer.
	"etc/ssh/moduli",
}

// fixed are small files with the content that every image has.
var fixed = map[string]string{
	// Empty, and not "uninitialized": systemd makes an id at the first boot without applying its presets again.
	"etc/machine-id":     "",
	"etc/hostname":       "localhost\n",
	"etc/resolv.conf":    "",
	"etc/hosts":          "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
	"etc/default/locale": "LANG=C.UTF-8\n",
	"etc/fstab":          "# Everything is mounted before systemd starts.\n",
}

// customize turns an installed Debian into holm's root file system. All paths are resolved inside it, whatever links a
// package may have Put there.
// The modes of what is made do not depend on the builder's umask.
func customize(dir string, guest payload) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := prune(root); err != nil {
		return err
	}
	for _, d := range stateDirs {
		if err := makeDirs(root, d); err != nil {
			return err
		}
	}
	for name, content := range fixed {
		if err := layFile(root, name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := layPayload(root, guest); err != nil {
		return err
	}
	if err := rootfs.Tighten(root); err != nil {
		return err
	}
	if err := rootfs.KeepUmask(root); err != nil {
		return err
	}
	return rootfs.FreezeBytecode(root)
}

func prune(root *os.Root) error {
	for _, p := range pruned {
		name, emptied := strings.CutSuffix(p, "/")
		if !emptied {
			if err := root.RemoveAll(name); err != nil {
				return err
			}
			continue
		}
		entries, err := fs.ReadDir(root.FS(), name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := root.RemoveAll(path.Join(name, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
