package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Hypervisor is the profile of the image that is a host: it runs instances, and no instance can be made of it.
const Hypervisor = "hypervisor"

// hostFiles are what is laid over the root file system of a host, and the first program of its initrd.
//
//go:embed all:hypervisor
var hostFiles embed.FS

const (
	hostRootfs = "hypervisor/rootfs"
	hostInit   = "hypervisor/init"
)

// hostModules are what the initrd needs to find the root; the kernel has ext4 built in.
var hostModules = []string{"virtio_blk"}

// hostWanted are the packages that "holm image lock --profile hypervisor" asks for.
var hostWanted = []string{
	// The least that Debian calls a system.
	"base-files", "base-passwd", "bash", "coreutils", "dash", "debianutils", "diffutils", "dpkg", "findutils", "grep",
	"gzip", "hostname", "libc-bin", "login", "mawk", "ncurses-base", "ncurses-bin", "perl-base", "sed", "sysvinit-utils",
	"tar", "util-linux", "mount", "passwd",
	// A machine that is reached over SSH. The cloud kernel has KVM, md, device-mapper and NVMe.
	"linux-image-cloud-amd64", "systemd", "systemd-sysv", "udev", "kmod", "e2fsprogs", "dbus", "libpam-systemd",
	"libnss-myhostname", "openssh-server", "openssh-client", "busybox-static", "systemd-timesyncd",
	// Guests, and what confines them.
	"libvirt-daemon-system", "libvirt-daemon-driver-qemu", "libvirt-clients", "qemu-system-x86", "qemu-utils", "swtpm",
	"apparmor", "nftables", "iptables", "ebtables", "iproute2", "cryptsetup-bin", "erofs-utils",
	// Pools.
	"mdadm", "lvm2", "thin-provisioning-tools", "xfsprogs", "btrfs-progs", "nvme-cli", "parted",
	// What a person at a shell expects.
	"ca-certificates", "iputils-ping", "less", "procps", "sudo", "vim-tiny",
}

// hostInputs is the digest of all that decides what a host's image will be.
func hostInputs(l Lock) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "host layout 1\n")
	if err := l.Write(h); err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(h, "excluded %q\nmodules %q\npruned %q\nfixed %q\nlinks %q\nmasked %q\nconfined %q\n", excluded,
		hostModules, pruned, fixed,
		hostLinks, hostMasked, hostConfined)
	err := fs.WalkDir(hostFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := hostFiles.ReadFile(name)
		_, _ = fmt.Fprintf(h, "file %q %d\n", name, len(content))
		_, _ = h.Write(content)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// assembleHost makes the files of a host's image of a root file system: kernel, initrd, and an ext4 that can be written.
// There is no boot loader in it, and nobody's key.
func assembleHost(ctx context.Context, root, out string, m *Manifest, progress func(string, int64, int64)) error {
	if err := makePassage(out); err != nil {
		return err
	}
	progress("kernel and initrd", 0, 0)
	kernel, version, err := findKernel(root)
	if err != nil {
		return err
	}
	m.KernelVersion = version
	content, err := os.ReadFile(kernel)
	if err != nil {
		return err
	}
	if m.Kernel, err = writeImageFile(out, kernelFile, content); err != nil {
		return err
	}
	var initrd bytes.Buffer
	if err := writeHostInitrd(&initrd, root, version); err != nil {
		return err
	}
	if m.Initrd, err = writeImageFile(out, initrdFile, initrd.Bytes()); err != nil {
		return err
	}
	progress("root file system", 0, 0)
	if err := customizeHost(ctx, root, version); err != nil {
		return fmt.Errorf("customize the root file system: %w", err)
	}
	file := filepath.Join(out, rootFile)
	if err := ownExt4(ctx, root, file, m.Epoch.Unix()); err != nil {
		return err
	}
	progress("digests", 0, 0)
	sum, size, err := sumFile(ctx, file, func(int64) {})
	if err != nil {
		return err
	}
	m.Root = File{Name: rootFile, SHA256: sum, Size: size}
	return os.Chmod(file, 0o444) //nolint:gosec // public, like the packages in it
}
