package images

import "regexp"

// Forms of what reaches apt's command line: Debian policy 5.6.1 and 5.6.12.
var (
	suiteForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	packageForm = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{1,80}$`)
	versionForm = regexp.MustCompile(`^[0-9][A-Za-z0-9.+:~-]{0,80}$`)
)

// wanted are the packages that "holm image lock" asks for. There is no package manager among them: the root file system
// cannot change, and an update is a new image.
var wanted = []string{
	// The least that Debian calls a system.
	"base-files", "base-passwd", "bash", "coreutils", "dash", "debianutils", "diffutils", "dpkg", "findutils", "grep",
	"gzip", "hostname", "libc-bin", "login", "mawk", "ncurses-base", "ncurses-bin", "perl-base", "sed", "sysvinit-utils",
	"tar", "util-linux", "mount", "passwd",
	// A virtual machine.
	"linux-image-cloud-amd64", "systemd", "systemd-sysv", "udev", "kmod", "e2fsprogs", "dbus", "dbus-user-session",
	"libpam-systemd", "libnss-myhostname", "cloud-init", "openssh-server",
	// What packs the image itself: the same program on every host that builds it.
	"erofs-utils",
	// What confines programs, and the right time.
	"apparmor", "systemd-timesyncd",
	// Names.
	"systemd-resolved",
	// Containers without root.
	"docker.io", "docker-cli", "docker-compose", "docker-buildx", "rootlesskit", "slirp4netns", "passt", "uidmap", "iptables", "nftables",
	"iproute2", "busybox-static",
	// What a person at a shell expects.
	"ca-certificates", "curl", "iputils-ping", "less", "procps", "rsync", "sudo", "tmux", "vim-tiny",
}

// excluded paths are left out when packages are unpacked: documentation, sources of locales that nobody could compile on a
// Read-only root (C.UTF-8 is compiled already), containerd's shims of before 1.3, which no Docker starts any more, and the
// hook that would make an initrd that nobody boots.
var excluded = []string{
	"/usr/share/doc/*",
	"/usr/share/info/*",
	"/usr/share/locale/*",
	"/usr/share/man/*",
	"/usr/share/lintian/*",
	"/usr/share/i18n/*",
	"/usr/bin/containerd-shim",
	"/usr/bin/containerd-shim-runc-v1",
	"/etc/kernel/postinst.d/initramfs-tools",
	"/etc/kernel/postrm.d/initramfs-tools",
}
