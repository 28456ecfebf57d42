package run

import (
	"os"
	"path/filepath"
	"strings"

	"holm/internal/fault"
)

// ErrMissing means that a program is not installed.
var ErrMissing = fault.Sentinel(fault.ProgramMissing, fault.Try("find out more", "doctor"), "not installed")

// directories is where programs are looked for, and the PATH that they get. It is not the caller's PATH: that of an
// ordinary user has no sbin, and a directory that somebody slipped into root's would decide what runs as root.
func directories() []string {
	return []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
}

// Package returns the Debian package that holds a program, or "" when that is not known here.
func Package(program string) string {
	switch program {
	case "qemu-img", "qemu-io", "qemu-nbd":
		return "qemu-utils"
	case "qemu-system-x86_64":
		return "qemu-system-x86"
	case "virsh", "virt-host-validate":
		return "libvirt-clients"
	case "libvirtd", "virtlogd":
		return "libvirt-daemon-system"
	case "virt-install":
		return "virtinst"
	case "mkfs.erofs", "fsck.erofs", "dump.erofs":
		return "erofs-utils"
	case "veritysetup":
		return "cryptsetup-bin"
	case "ssh", "scp", "ssh-keygen":
		return "openssh-client"
	case "docker":
		return "docker-cli"
	case "nft":
		return "nftables"
	case "ebtables":
		return "ebtables"
	case "ip", "tc", "bridge":
		return "iproute2"
	case "apt-get", "apt-cache":
		return "apt"
	case "dpkg", "dpkg-deb", "dpkg-query":
		return "dpkg"
	case "blkid", "wipefs", "mount", "umount", "blkdiscard":
		return "util-linux"
	case "mkfs.xfs":
		return "xfsprogs"
	case "systemctl":
		return "systemd"
	case "lvs", "lvcreate", "lvremove", "lvextend", "lvchange":
		return "lvm2"
	case "mkfs.ext4", "debugfs":
		return "e2fsprogs"
	case "nvme":
		return "nvme-cli"
	case "mdadm", "mmdebstrap", "cpio", "zstd", "genisoimage", "xorriso":
		return program
	default:
		return ""
	}
}

// Look returns the absolute path of a program. When it is not there, the error wraps ErrMissing and its remedy is
// the command that installs it.
func Look(name string) (string, error) {
	candidates := []string{name}
	if !strings.Contains(name, "/") {
		candidates = candidates[:0]
		for _, dir := range directories() {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	for _, path := range candidates {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return filepath.Abs(path)
		}
	}
	return "", missing(name)
}

func missing(name string) error {
	if pkg := Package(base(name)); pkg != "" {
		return fault.New(fault.ProgramMissing, "run: apt-get install "+pkg,
			"%s is %w (Debian package %s)", fault.Program(name), ErrMissing, fault.Package(pkg))
	}
	return fault.New(fault.ProgramMissing, "install it below "+strings.Join(directories(), ", "), "%s is %w", fault.Program(name), ErrMissing)
}

func base(name string) string { return filepath.Base(name) }
