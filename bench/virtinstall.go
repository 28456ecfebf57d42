//go:build bench

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"holm/provisioner/machine"
	"holm/provisioner/network"
)

func (l *lab) diskSize() string { return fmt.Sprintf("%dG", l.plan.Flavor.DiskGiB) }

// virtInstallArgs ask virt-install for the machine that holm makes: the same kernel, disks, network, filter and
// devices, so that libvirt and QEMU have the same work to do. Naming the PCI root keeps virt-install from adding fourteen
// ports that nothing is plugged into.
func (l *lab) virtInstallArgs(name, dir string) []string {
	hypervisor, cpu := "qemu", "mode=maximum,check=none"
	if l.plan.Accel == machine.KVM {
		hypervisor, cpu = "kvm", "mode=host-passthrough,check=none,migratable=on"
	}
	filter := "./devices/interface/filterref/parameter"
	return []string{
		"--connect", libvirtURI, "--name", name, "--uuid", network.UUID(name),
		"--virt-type", hypervisor, "--arch", "x86_64", "--machine", l.plan.Machine, "--cpu", cpu,
		"--vcpus", fmt.Sprint(l.plan.Flavor.VCPUs), "--memory", fmt.Sprint(l.plan.Flavor.MemoryMiB),
		"--osinfo", "detect=off,require=off", "--import", "--noautoconsole",
		"--boot", "kernel=" + l.store.Path(l.image, l.image.Kernel) + ",initrd=" + l.store.Path(l.image, l.image.Initrd) +
			",kernel_args=" + commas(l.image.Cmdline()),
		"--disk", "path=" + l.store.Path(l.image, l.image.Root) + ",format=raw,bus=virtio,readonly=on,serial=holm-root" +
			",driver.cache=writeback,source.seclabel0.model=dac,source.seclabel0.relabel=no",
		"--disk", "path=" + stateDisk(dir) + ",format=qcow2,bus=virtio,serial=holm-state" +
			",driver.cache=none,driver.io=native,driver.discard=unmap,driver.detect_zeroes=unmap",
		"--disk", "path=" + filepath.Join(dir, "seed.iso") + ",format=raw,bus=virtio,readonly=on,serial=holm-seed",
		"--network", "network=" + l.plan.Network + ",model=virtio,mac=" + l.plan.MAC + ",filterref.filter=clean-traffic",
		"--xml", filter + "[1]/@name=CTRL_IP_LEARNING", "--xml", filter + "[1]/@value=none",
		"--xml", filter + "[2]/@name=IP", "--xml", filter + "[2]/@value=" + l.plan.Address.String(),
		"--xml", "./devices/interface/port/@isolated=yes", "--xml", "./devices/interface/rom/@enabled=no",
		"--serial", "pty,log.file=" + filepath.Join(dir, "console.log"),
		"--channel", "unix,target.type=virtio,target.name=holm.report.0",
		"--rng", "/dev/urandom", "--panic", "model=isa", "--features", "vmport.state=off",
		"--controller", "usb,model=none", "--controller", "pci,model=pcie-root", "--memballoon", "none", "--graphics", "none", "--video", "none",
		"--sound", "none",
	}
}

// commas doubles them: virt-install takes a single one for the end of a value.
func commas(text string) string { return strings.ReplaceAll(text, ",", ",,") }
