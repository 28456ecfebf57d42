package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"holm/internal/run"
)

// hostLinks are the units that a host needs and that Debian does not switch on.
var hostLinks = map[string]string{
	"etc/systemd/system/multi-user.target.wants/systemd-networkd.service":    "/usr/lib/systemd/system/systemd-networkd.service",
	"etc/systemd/system/sockets.target.wants/systemd-networkd.socket":        "/usr/lib/systemd/system/systemd-networkd.socket",
	"etc/systemd/system/multi-user.target.wants/systemd-growfs-root.service": "/usr/lib/systemd/system/systemd-growfs-root.service",
	"etc/systemd/system/sysinit.target.wants/apparmor.service":               "/usr/lib/systemd/system/apparmor.service",
	"etc/systemd/system/multi-user.target.wants/systemd-timesyncd.service":   "/usr/lib/systemd/system/systemd-timesyncd.service",
	"etc/systemd/system/systemd-networkd-wait-online.service":                "/dev/null",
	"etc/systemd/system-generators/systemd-gpt-auto-generator":               "/dev/null",
	"etc/systemd/system-generators/systemd-ssh-generator":                    "/dev/null",
	"etc/systemd/system-generators/systemd-hibernate-resume-generator":       "/dev/null",
	"etc/systemd/system-generators/systemd-tpm2-generator":                   "/dev/null",
	"etc/systemd/system-generators/systemd-bless-boot-generator":             "/dev/null",
	"etc/systemd/system-generators/systemd-factory-reset-generator":          "/dev/null",
	"etc/systemd/system-generators/systemd-rc-local-generator":               "/dev/null",
}

// hostMasked are units that a host does without: what runs at night over a file system that is made anew with each
// image, what a first boot would make that comes finished, and hardware that there is not.
var hostMasked = []string{
	"ldconfig.service", "systemd-firstboot.service", "systemd-hwdb-update.service", "systemd-journal-catalog-update.service",
	"systemd-sysusers.service", "systemd-update-done.service", "systemd-machine-id-commit.service", "systemd-remount-fs.service",
	"dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "xfs_scrub_all.timer", "logrotate.timer", "fstrim.timer",
	"sshd-keygen.service", "getty@tty1.service", "getty-static.service", "systemd-hibernate-clear.service", "systemd-pstore.service",
	"systemd-rfkill.socket", "systemd-tpm2-setup.service", "systemd-tpm2-setup-early.service", "systemd-pcrmachine.service",
	"systemd-pcrphase.service", "systemd-pcrphase-sysinit.service", "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount",
	"sys-kernel-debug.mount", "sys-kernel-tracing.mount", "systemd-network-generator.service", "systemd-bsod.service",
	"nvmefc-boot-connections.service", "nvmf-autoconnect.service", "uuidd.socket", "remote-fs.target", "modprobe@drm.service",
	"systemd-ask-password-console.path", "systemd-ask-password-wall.path", "rc-local.service",
}

// hostConfined are the AppArmor profiles of programs that a host has. Debian's others name browsers and the like, and
// compiling them would take half of a slow boot.
var hostConfined = []string{
	"abi", "abstractions", "tunables", "libvirt", "local", "disable", "usr.sbin.libvirtd", "usr.lib.libvirt.virt-aa-helper",
}

// writeHostInitrd writes the initrd of a host: busybox, a script that mounts the root, and the modules it takes.
func writeHostInitrd(w *bytes.Buffer, root, version string) error {
	shell, err := os.ReadFile(filepath.Join(root, "usr/bin/busybox"))
	if err != nil {
		return err
	}
	script, err := hostFiles.ReadFile(hostInit)
	if err != nil {
		return err
	}
	modules := filepath.Join(root, "usr/lib/modules", version)
	return writeArchive(w, modules, hostModules, map[string][]byte{"init": script, "busybox": shell})
}

// customizeHost turns an installed Debian into the root file system of a host.
func customizeHost(ctx context.Context, dir, version string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := prune(root); err != nil {
		return err
	}
	for name, content := range fixed {
		if err := layFile(root, name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := layHost(root); err != nil {
		return err
	}
	if err := pruneConfined(root); err != nil {
		return err
	}
	return compileHost(ctx, root, dir, version)
}

// layHost lays the host's files over the root, and switches units on and off.
func layHost(root *os.Root) error {
	files, err := fs.Sub(hostFiles, hostRootfs)
	if err != nil {
		return err
	}
	links := make(map[string]string, len(hostLinks)+len(hostMasked))
	maps.Copy(links, hostLinks)
	for _, unit := range hostMasked {
		links["etc/systemd/system/"+unit] = "/dev/null"
	}
	return layFiles(root, files, links)
}

func pruneConfined(root *os.Root) error {
	const dir = "etc/apparmor.d"
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.Contains(hostConfined, e.Name()) {
			continue
		}
		if err := root.RemoveAll(path.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// compileHost fills AppArmor's cache for the image's kernel, with the parser of the image. A kernel that differs makes
// the cache useless, not dangerous: it is looked up by what the kernel can do.
func compileHost(ctx context.Context, root *os.Root, dir, version string) error {
	guest, err := guestPayload()
	if err != nil {
		return err
	}
	features, err := fs.ReadFile(guest.files, profileDir+"/features-"+kernelSeries(version))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // compiled at each boot, then
	}
	if err != nil {
		return err
	}
	const inside = ".holm-features"
	if err := layFile(root, inside, features, 0o600); err != nil {
		return err
	}
	_, err = run.Command(ctx, "chroot", dir, "/usr/sbin/apparmor_parser", "--skip-kernel-load", "--write-cache", "--jobs=1",
		"--cache-loc=/var/cache/apparmor", "--kernel-features=/"+inside,
		"/etc/apparmor.d/usr.sbin.libvirtd", "/etc/apparmor.d/usr.lib.libvirt.virt-aa-helper")
	if err != nil {
		return fmt.Errorf("compile the host's AppArmor profiles: %w", err)
	}
	return root.Remove(inside)
}

// ownExt4 packs a root file system with the mke2fs that is in it, into a file with a fifth to spare. Whoever makes a disk
// of it makes the disk larger; the host grows the file system at its first boot.
func ownExt4(ctx context.Context, dir, file string, epoch int64) error {
	var bytes int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		bytes += (info.Size() + 4095) &^ 4095
		return nil
	})
	if err != nil {
		return err
	}
	// By its own loader and libraries, as a chroot could not write beside the tree that it packs.
	libraries := filepath.Join(dir, "usr/lib/x86_64-linux-gnu")
	_, err = run.Run(ctx, run.Cmd{
		Name: filepath.Join(libraries, "ld-linux-x86-64.so.2"),
		Args: []string{
			"--library-path", libraries, filepath.Join(dir, "usr/sbin/mke2fs"),
			"-q", "-t", "ext4", "-d", dir, "-L", "holm-host", "-m", "1", "-U", "686f6c6d-0000-4000-8000-000000000002",
			"-E", "hash_seed=686f6c6d-0000-4000-8000-000000000003,nodiscard,lazy_itable_init=1",
			file, strconv.FormatInt((bytes*6/5)>>20+128, 10) + "M",
		},
		Env: []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(epoch, 10), "MKE2FS_CONFIG=" + filepath.Join(dir, "etc/mke2fs.conf")},
	})
	if err != nil {
		return fmt.Errorf("pack the root file system: %w", err)
	}
	return nil
}
