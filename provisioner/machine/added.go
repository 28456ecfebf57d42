package machine

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What libvirt adds to a domain when it defines and starts it. All else is a difference.

// addedAttr tells whether libvirt adds that attribute to that element: what it chose, or which of its objects it is.
func addedAttr(element, attr string) bool {
	return slices.Contains(map[string][]string{
		"domain": {"id"},
		"source": {"index", "portid", "bridge", "mode", "path"},
		// libvirt tells whether the guest has a channel's port open, and numbers the controllers.
		"target":     {"state"},
		"controller": {"index"},
		"cpu":        {"migratable"},
		"encryption": {"engine"}, // "qemu" is all there is for a file; "librbd" opens no file
	}[element], attr)
}

// added tells whether libvirt adds such an element below parent. Those that carry a decision have to carry the right one.
func (c *comparison) added(parent string, n *node) bool {
	switch parent {
	case "domain":
		return c.addedToDomain(n)
	case "devices":
		return c.addedDevice(n)
	case "os":
		return n.name == "boot" && n.attrs["dev"] == "hd" // the first of the disks; the kernel is given, so it boots nothing
	case "metadata":
		return strings.HasPrefix(n.name, "{") && !strings.HasPrefix(n.name, "{"+MetadataNS+"}") // another program's notes
	case "interface":
		return isPlacement(n) || n.name == "target" && len(n.children) == 0
	case "serial", "channel":
		return isPlacement(n) || n.name == "source" && len(n.children) == 0
	case "target":
		return n.name == "model" && n.attrs["name"] == "isa-serial"
	case "controller", "rng", "panic", "disk":
		return isPlacement(n)
	}
	return false
}

// isPlacement tells whether an element says where a device is plugged in.
func isPlacement(n *node) bool { return n.name == "alias" || n.name == "address" }

func (c *comparison) addedToDomain(n *node) bool {
	switch n.name {
	case "currentMemory":
		want := node{name: n.name, text: strconv.Itoa(c.machine.MemoryMiB), attrs: map[string]string{"unit": "MiB"}}
		return value(n) == value(&want)
	case "resource":
		return true // which cgroup; the check of the cgroup looks at that
	case "seclabel":
		return c.confines(n)
	case "vcpus":
		return c.sparesOne(n)
	}
	return false
}

// sparesOne tells whether libvirt lists one vCPU that is there and one that is not: see vcpus.
func (c *comparison) sparesOne(n *node) bool {
	enabled := 0
	for _, vcpu := range n.children {
		if vcpu.attrs["enabled"] == "yes" {
			enabled++
		}
	}
	return c.machine.Accel == TCG && c.machine.VCPUs == 1 && len(n.children) == spareVCPUs && enabled == 1
}

// confines tells whether a label is one that libvirt made for this domain alone: labels that are static, or none, or
// root's, have to be asked for.
func (c *comparison) confines(n *node) bool {
	label := n.child("label").text
	if n.attrs["type"] != "dynamic" || n.attrs["relabel"] != "yes" {
		return false
	}
	switch n.attrs["model"] {
	case "apparmor":
		return label == "libvirt-"+c.machine.UUID
	case "dac":
		uid, gid, ok := strings.Cut(label, ":")
		return ok && uid != "+0" && gid != "+0" && strings.HasPrefix(uid, "+") && strings.HasPrefix(gid, "+")
	case "selinux":
		return label != ""
	}
	return false
}

func (c *comparison) addedDevice(n *node) bool {
	switch n.name {
	case "emulator":
		return isEmulator(n.text)
	case "controller":
		// The q35 machine has a SATA controller whether one wants it or not. Disks need root ports, ports a virtio-serial.
		return slices.Contains([]string{"pci", "sata", "virtio-serial"}, n.attrs["type"])
	case "console":
		return n.attrs["type"] == "pty" && n.child("target").attrs["type"] == "serial" // the serial port under another name
	case "input":
		return n.attrs["bus"] == "ps2" // part of every PC; nothing is displayed, so nobody types
	case "audio":
		return n.attrs["type"] == "none"
	case "watchdog":
		return n.attrs["model"] == "itco" // part of q35, shown since libvirt 9.1
	}
	return false
}

// isEmulator tells whether a path is that of a distribution's QEMU.
func isEmulator(path string) bool {
	dirs := []string{"/usr/bin", "/usr/libexec"}
	names := []string{"qemu-system-x86_64", "qemu-kvm", "kvm"}
	return slices.Contains(dirs, filepath.Dir(path)) && slices.Contains(names, filepath.Base(path))
}
