package doctor

import (
	"errors"
	"os"
	"testing"
)

func down(h *host) { h.down = errors.New("connection refused") }

func TestLibvirt(t *testing.T) {
	const unanswered = "qemu:///system does not answer: connection refused"
	asRoot := func(h *host) {
		down(h)
		h.euid = 0
	}
	play(t, "libvirt", []scene{
		{"answering", nil, OK, "version 11.3.0 answers at qemu:///system", ""},
		{
			"too old", func(h *host) { h.info.LibvirtVersion = "8.10.0" }, Fail, "version 8.10.0 at qemu:///system is older than 9.0",
			"apt-get update && apt-get install -y libvirt-daemon-system   # Debian 12 or newer",
		},
		{"down", asRoot, Fail, unanswered, "systemctl enable --now libvirtd"},
		{
			"down without systemd", func(h *host) {
				asRoot(h)
				h.remove("/run/systemd")
			}, Fail, unanswered, "virtlogd -d; libvirtd -d",
		},
		{
			"refusing an ordinary user", func(h *host) {
				down(h)
				h.euid = 1000
			}, Fail, unanswered, "sudo holm doctor",
		},
		{
			"not installed", func(h *host) {
				asRoot(h)
				h.missing["libvirtd"] = true
			}, Fail, unanswered, "apt-get install -y libvirt-daemon-system",
		},
	})
}

func TestQEMU(t *testing.T) {
	play(t, "qemu", []scene{
		{"new enough", nil, OK, "version 10.0.2", ""},
		{"just enough", func(h *host) { h.info.QEMUVersion = "7.2" }, OK, "version 7.2", ""},
		{
			"too old", func(h *host) { h.info.QEMUVersion = "7.1.9" }, Fail, "version 7.1.9 is older than 7.2",
			"apt-get update && apt-get install -y qemu-system-x86   # Debian 12 or newer",
		},
		{
			"asked itself while libvirt is down", func(h *host) {
				down(h)
				h.version = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright\n"
			}, OK, "version 7.2.22", "",
		},
		{
			"there but mute", down, Fail, "qemu-system-x86_64 does not tell its version",
			"apt-get install --reinstall -y qemu-system-x86",
		},
		{
			"not there", func(h *host) {
				down(h)
				h.missing[qemuProgram] = true
			}, Fail, "qemu-system-x86_64 is not there", "apt-get install -y qemu-system-x86",
		},
	})
}

func TestPrograms(t *testing.T) {
	lack := func(programs ...string) func(*host) {
		return func(h *host) {
			for _, p := range programs {
				h.missing[p] = true
			}
		}
	}
	play(t, "programs", []scene{
		{"complete", nil, OK, "all 14 are there", ""},
		{
			"without those that build images", lack("mkfs.erofs", "mmdebstrap"), Warn,
			"missing: mmdebstrap, mkfs.erofs (only building an image needs them)", "apt-get install -y erofs-utils mmdebstrap",
		},
		{
			"without ssh and more", lack("ssh", "scp", "veritysetup"), Fail,
			"missing: ssh, scp, veritysetup", "apt-get install -y cryptsetup-bin openssh-client",
		},
	})
}

func TestEveryProgramHasItsPackage(t *testing.T) {
	h := healthyHost(t)
	for _, p := range append(toRun(), toBuild()...) {
		h.missing = map[string]bool{p: true}
		if got := h.check("programs").Remedy; got == "apt-get install -y " {
			t.Errorf("internal/run does not know the package of %s", p)
		}
	}
}

func TestAppArmor(t *testing.T) {
	const enabled = "/sys/module/apparmor/parameters/enabled"
	const off = "the kernel does not enforce it"
	const boot = `mkdir -p /etc/default/grub.d && echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX apparmor=1 security=apparmor"'` +
		` >> /etc/default/grub.d/holm.cfg && update-grub && reboot`
	unused := func(h *host) { h.info.SecurityModels = []string{"dac"} }
	play(t, "apparmor", []scene{
		{"enforcing", nil, OK, "enforcing; the shared libvirt abstraction is as Debian ships it", ""},
		{
			"with a local denial only", func(h *host) { h.write(abstraction, "# no sound\naudit deny /dev/snd/* rw,\n  deny @{HOME}/** r,\n") },
			OK, "enforcing; the shared libvirt abstraction is as Debian ships it", "",
		},
		{"switched off", func(h *host) { h.write(enabled, "N\n") }, Fail, off, boot},
		{
			"absent in lab mode", func(h *host) {
				h.remove(enabled)
				h.Lab = true
			}, Warn, off, boot,
		},
		{
			"not used by libvirt", unused, Fail, "enabled in the kernel, but libvirt does not use it",
			"apt-get install -y apparmor libvirt-daemon-system && systemctl restart libvirtd",
		},
		{
			"configured away", func(h *host) {
				unused(h)
				h.write(qemuConf, "security_driver = \"none\"\n")
			}, Fail, "/etc/libvirt/qemu.conf sets security_driver = none",
			`sed -i 's/^security_driver.*/security_driver = "apparmor"/' /etc/libvirt/qemu.conf && systemctl restart libvirtd`,
		},
		{
			"with libvirt down", func(h *host) {
				down(h)
				h.euid = 0
			}, Fail, "enabled in the kernel; libvirt does not say whether it uses it", "systemctl enable --now libvirtd",
		},
		{
			"opened for every guest", func(h *host) { h.write(abstraction, "/srv/** rwk,\n#include <abstractions/base>\n") },
			Warn, "enforcing, but " + abstraction + " gives every guest: /srv/** rwk, #include <abstractions/base>",
			"cp " + abstraction + " /root/ && : > " + abstraction + " && systemctl restart libvirtd",
		},
		{
			"opened by a file in the abstraction's folder", func(h *host) { h.write(sharedMore+"/more", "/srv/** rwk,\n") },
			Warn, "enforcing, but " + sharedMore + "/more gives every guest: /srv/** rwk,",
			"cp " + sharedMore + "/more /root/ && : > " + sharedMore + "/more && systemctl restart libvirtd",
		},
		{
			"with the abstraction as it was installed", func(h *host) {
				h.write(shared, "  /dev/net/tun rw,\n")
				h.write(dpkg, "Package: x\nConffiles:\n /etc/a 0\n "+shared+" 88998316d489a4feabd71536af99177e obsolete\nVersion: 1\n")
			}, OK, "enforcing; the shared libvirt abstraction is as Debian ships it", "",
		},
		{
			"with the abstraction changed", func(h *host) {
				h.write(shared, "  /dev/net/tun rw,\n  /srv/** rwk,\n")
				h.write(dpkg, "Package: x\nConffiles:\n "+shared+" 88998316d489a4feabd71536af99177e\nVersion: 1\n")
			}, Warn, "enforcing, but " + shared + ", which every guest's profile includes, is not as Debian ships it",
			"mv " + shared + " /root/ && apt-get install -y --reinstall -o Dpkg::Options::=--force-confmiss" +
				" $(dpkg -S " + shared + " | cut -d: -f1) && systemctl restart libvirtd",
		},
	})
}

func TestSeccomp(t *testing.T) {
	const actions = "/proc/sys/kernel/seccomp/actions_avail"
	off := func(h *host) { h.write(qemuConf, "seccomp_sandbox = 0   # too strict\n") }
	play(t, "seccomp", []scene{
		{"as Debian ships it", nil, OK, "QEMU's sandbox is on", ""},
		{"without libvirt's configuration", func(h *host) { h.remove(qemuConf) }, OK, "QEMU's sandbox is on", ""},
		{"switched on", func(h *host) { h.write(qemuConf, "seccomp_sandbox = 1\n") }, OK, "QEMU's sandbox is on", ""},
		{
			"switched off", off, Fail, "/etc/libvirt/qemu.conf switches QEMU's sandbox off",
			"sed -i 's/^seccomp_sandbox.*/seccomp_sandbox = 1/' /etc/libvirt/qemu.conf && systemctl restart libvirtd",
		},
		{
			"switched off in lab mode", func(h *host) {
				off(h)
				h.Lab = true
			}, Warn, "/etc/libvirt/qemu.conf switches QEMU's sandbox off",
			"sed -i 's/^seccomp_sandbox.*/seccomp_sandbox = 1/' /etc/libvirt/qemu.conf && systemctl restart libvirtd",
		},
		{
			"a kernel without it", func(h *host) { h.remove(actions) }, Fail, "the kernel has no seccomp filters",
			"apt-get install -y linux-image-amd64 && reboot",
		},
	})
}

func TestConsole(t *testing.T) {
	const (
		endless = "/etc/libvirt/virtlogd.conf bounds no console's log by 1 GiB: a guest can fill this file system"
		mend    = `sed -i '/^\s*max_\(size\|backups\)\b/d' /etc/libvirt/virtlogd.conf && pkill -USR1 virtlogd`
	)
	virtlogd := func(text string) func(*host) { return func(h *host) { h.write(virtlogdConf, text) } }
	play(t, "console", []scene{
		{"as Debian ships it", virtlogd("#max_size = 0\n"), OK, "8 MiB are kept of what each instance writes to its console", ""},
		{"without configuration", func(h *host) { h.remove(qemuConf) }, OK, "8 MiB are kept of what each instance writes to its console", ""},
		{"with other numbers", virtlogd("max_size = 1048576\nmax_backups = 0\n"), OK, "1 MiB are kept of what each instance writes to its console", ""},
		{"without an end", virtlogd("max_size = 0\n"), Warn, endless, mend},
		{"with an end that is far off", virtlogd("max_backups = 4294967295\n"), Warn, endless, mend},
		{"with no number", virtlogd("max_size = -1\n"), Warn, endless, mend},
		{
			"written by QEMU itself", func(h *host) { h.write(qemuConf, "stdio_handler = \"file\"\n") }, Warn,
			"/etc/libvirt/qemu.conf has QEMU write consoles to files by itself: a guest can fill this file system",
			`sed -i 's/^stdio_handler.*/stdio_handler = "logd"/' /etc/libvirt/qemu.conf && systemctl restart libvirtd`,
		},
	})
}

func TestSeccompSaysWhenItMayNotLook(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("left out: root may read every file, so there is nothing that it may not look at")
	}
	h := healthyHost(t)
	h.chmod(qemuConf, 0)
	if got := h.check("seccomp"); got.Status != Warn || got.Remedy != "sudo holm doctor" {
		t.Errorf("got %+v", got)
	}
}
