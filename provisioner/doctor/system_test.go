package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestKSM(t *testing.T) {
	const mend = "echo 2 > /sys/kernel/mm/ksm/run"
	play(t, "ksm", []scene{
		{"off", nil, OK, "off", ""},
		{"taken apart", func(h *host) { h.write(ksmRun, "2\n") }, OK, "off", ""},
		{"a kernel without it", func(h *host) { h.remove("/sys/kernel/mm/ksm") }, OK, "the kernel has none", ""},
		{"on", func(h *host) { h.write(ksmRun, "1\n") }, Fail, "merging pages between guests", mend},
		{
			"on, with the daemon that switches it on again", func(h *host) {
				h.write(ksmRun, "1\n")
				h.write("/usr/sbin/ksmtuned", "")
			}, Fail, "merging pages between guests", "systemctl disable --now ksmtuned; " + mend,
		},
		{
			"stopped with pages still merged", func(h *host) { h.write(ksmShared, "512\n") },
			Warn, "stopped, but 512 pages are still shared between guests", mend,
		},
	})
}

func TestSwap(t *testing.T) {
	swaps := func(h *host, devices ...string) {
		text := "Filename\tType\tSize\tUsed\tPriority\n"
		for _, d := range devices {
			text += d + " partition 1000 0 -2\n"
		}
		h.write("/proc/swaps", text)
	}
	play(t, "swap", []scene{
		{"none", nil, OK, "none", ""},
		{
			"encrypted and in RAM", func(h *host) {
				swaps(h, "/dev/dm-1", "/dev/zram0")
				h.write("/sys/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap\n")
			}, OK, "only in RAM or encrypted: /dev/dm-1, /dev/zram0", "",
		},
		{
			"on a partition and on a volume", func(h *host) {
				swaps(h, "/dev/sda2", "/dev/dm-1")
				h.write("/sys/block/dm-1/dm/uuid", "LVM-abc\n")
			}, Warn, "guests' memory can reach /dev/sda2, /dev/dm-1 in the clear", `swapoff -a && sed -i '/\sswap\s/s/^/#/' /etc/fstab`,
		},
		{
			"where the host's key needs a passphrase", func(h *host) {
				swaps(h, "/dev/sda2")
				h.write("/var/lib/holm/keys/host.key.locked", "{}")
			}, Fail, "guests' memory, and the host's unlocked key, can reach /dev/sda2 in the clear", `swapoff -a && sed -i '/\sswap\s/s/^/#/' /etc/fstab`,
		},
		{
			"guests that are saved", func(h *host) {
				h.write("/etc/default/libvirt-guests", "#ON_SHUTDOWN=shutdown\nON_SHUTDOWN=\"suspend\"\n")
			}, Fail, "at the host's shutdown guests' memory is saved to a drive in the clear, by /etc/default/libvirt-guests",
			"set ON_SHUTDOWN=shutdown in /etc/default/libvirt-guests",
		},
		{
			"guests that are shut down", func(h *host) { h.write("/etc/default/libvirt-guests", "#ON_SHUTDOWN=suspend\nON_SHUTDOWN=shutdown\n") },
			OK, "none", "",
		},
	})
}

func TestSpace(t *testing.T) {
	const remedy = "df -h /var/lib/holm; holm image ls   # holm image rm frees space, HOLM_STATE=DIR moves"
	play(t, "space", []scene{
		{"plenty", nil, OK, "100 GiB free below /var/lib/holm", ""},
		{"just enough", func(h *host) { h.free = 20 * gib }, OK, "20 GiB free below /var/lib/holm", ""},
		{
			"little", func(h *host) { h.free = 19 * gib }, Warn,
			"19.0 GiB free below /var/lib/holm, less than 20 GiB is soon full", remedy,
		},
		{
			"too little", func(h *host) { h.free = 4*gib - 1<<29 }, Fail,
			"3.5 GiB free below /var/lib/holm, at least 4 GiB are needed", remedy,
		},
		{"before the first use", func(h *host) { h.remove("/var/lib/holm") }, OK, "100 GiB free below /var/lib", ""},
	})
}

func TestClock(t *testing.T) {
	const remedy = "apt-get install -y systemd-timesyncd && timedatectl set-ntp true"
	play(t, "clock", []scene{
		{"synchronised", nil, OK, "synchronised", ""},
		{"free-running", func(h *host) { h.synced = false }, Warn, "not synchronised", remedy},
		{
			"free-running without systemd", func(h *host) {
				h.synced = false
				h.remove("/run/systemd")
			}, Warn, "not synchronised", "apt-get install -y chrony && chronyd",
		},
		{"unknown", func(h *host) { h.clock = errors.New("adjtimex: no") }, Warn, "not known: adjtimex: no", remedy},
	})
}

func TestCgroups(t *testing.T) {
	const controllers = "/sys/fs/cgroup/cgroup.controllers"
	play(t, "cgroups", []scene{
		{"version 2", nil, OK, "version 2 with cpu, memory, pids", ""},
		{
			"version 2 without memory", func(h *host) { h.write(controllers, "cpuset cpu pids") }, Fail,
			"version 2 lacks the controllers memory: instances cannot be limited",
			"sed -i 's/ *cgroup_disable=[a-z,]*//' /etc/default/grub && update-grub && reboot",
		},
		{
			"version 1", func(h *host) { h.remove(controllers) }, Warn,
			"version 1: limits work, delegation to unprivileged users does not",
			bootOption("systemd.unified_cgroup_hierarchy=1"),
		},
	})
}

func TestState(t *testing.T) {
	const dir = "/var/lib/holm"
	const good = "/var/lib/holm is closed to others, and QEMU's user gets through"
	mode := func(path string, m os.FileMode) func(*host) { return func(h *host) { h.chmod(path, m) } }
	play(t, "state", []scene{
		{"as holm makes it", nil, OK, good, ""},
		{"not made yet", func(h *host) { h.remove(dir) }, OK, dir + " will be made by the first command that needs it", ""},
		{"writable by others", mode(dir, 0o733), Fail, dir + " can be changed by others (mode 0733)", "chmod 0711 " + dir},
		{"readable by others", mode(dir, 0o755), Warn, dir + " can be listed by others (mode 0755)", "chmod 0711 " + dir},
		{"closed to QEMU", mode(dir, 0o700), Fail, "QEMU's user cannot pass through " + dir, "chmod o+x " + dir},
		{"below a closed directory", mode("/var", 0o750), Fail, "QEMU's user cannot pass through /var", "chmod o+x /var"},
		{
			"closed, with a QEMU of the caller's own", func(h *host) {
				h.chmod(dir, 0o700)
				h.Connect = "qemu:///session"
			}, OK, good, "",
		},
		{
			"open to libvirt's own user alone", func(h *host) {
				h.chmod(dir, 0o710)
				h.write("/etc/group", fmt.Sprintf("mine:x:%d:libvirt-qemu\n", os.Getegid()))
			}, Fail, "QEMU's user cannot pass through " + dir, "chmod o+x " + dir,
		},
		{
			"a file", func(h *host) {
				h.remove(dir)
				h.write(dir, "")
			}, Fail, dir + " is no directory", "mv /var/lib/holm /var/lib/holm.old",
		},
	})
}

func TestStateOfAnotherUser(t *testing.T) {
	const dir, other = "/var/lib/holm", 4711
	own := func(h *host) {
		h.euid = other + 1
		if os.Geteuid() == 0 {
			h.must(os.Chown(filepath.Join(h.Root, dir), other, other))
		}
	}
	owner := os.Geteuid()
	if owner == 0 {
		owner = other
	}
	play(t, "state", []scene{
		{
			"seen by a third", own, Fail, fmt.Sprintf("%s belongs to user %d", dir, owner),
			"sudo holm doctor   # or keep your own: HOLM_STATE=~/.local/share/holm",
		},
		{
			"seen by root", func(h *host) {
				own(h)
				h.euid = 0
			}, Fail, fmt.Sprintf("%s belongs to user %d, who could change every record", dir, owner), "chown root: " + dir,
		},
	})
}

func TestUsers(t *testing.T) {
	const apart = "each tenant has one of 2000000000-2000065535"
	const clash = "users 2000000000-2000065535 are not holm's alone: "
	play(t, "users", []scene{
		{
			"KVM is for a group", func(h *host) {
				h.remove("/dev/kvm")
				h.write("/dev/kvm", "")
				h.chmod("/dev/kvm", 0o660)
			}, OK, apart + ", and is let at /dev/kvm (-rw-rw----) by name", "",
		},
		{"KVM is for all", nil, OK, apart + "; /dev/kvm is open to all users", ""},
		{"no KVM", func(h *host) { h.remove("/dev/kvm") }, OK, apart, ""},
		{
			"an account has one", func(h *host) { h.write("/etc/passwd", "eve:x:2000000007:100::/:/bin/sh\n") },
			Fail, clash + `/etc/passwd, "eve" has 2000000007`, "holm host set --users FIRST-LAST",
		},
		{
			"containers have some", func(h *host) { h.write("/etc/subuid", "eve:2000065535:65536\n") },
			Fail, clash + `/etc/subuid, "eve" has 2000065535-2000131070`, "holm host set --users FIRST-LAST",
		},
		{"a file that makes no sense", func(h *host) { h.write("/etc/subgid", "eve:x:y\n") }, Fail, `/etc/subgid, line 1: no number in "eve:x:y"`, "correct that line"},
		{"a range that makes no sense", func(h *host) { h.Users = "1-2" }, Fail, `range of users "1-2" is not allowed: use FIRST-LAST, at least 16 numbers from 65536 to 2147483646`, "holm host set --users 2000000000-2000065535"},
		{"a libvirt of one's own", func(h *host) { h.Connect = "qemu:///session" }, Fail, "QEMU runs as whoever calls: tenants share a user", "--connect qemu:///system"},
	})
}
