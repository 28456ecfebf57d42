package doctor

import (
	"errors"
	"testing"
)

const (
	lab     = "holm host set --lab-mode on   # for a lab only: emulated instances are not isolated"
	noFlags = "the CPU shows neither svm nor vmx"
	pvm     = "the module kvm_pvm stands in for hardware virtualization"
)

func plainCPU(h *host) { h.write("/proc/cpuinfo", "processor : 0\nflags : fpu svm_lock\n") }

func noKVM(h *host) {
	plainCPU(h)
	h.remove("/dev/kvm")
}

func TestKVM(t *testing.T) {
	hung := errors.New(`the tiny kernel hung after "long mode"`)
	play(t, "kvm", []scene{
		{"AMD", nil, OK, "SVM, a tiny kernel reached its marker in 0.4 s", ""},
		{
			"Intel", func(h *host) { h.write("/proc/cpuinfo", "flags : fpu vmx\n") },
			OK, "VT-x, a tiny kernel reached its marker in 0.4 s", "",
		},
		{"a CPU without the extension, although the kernel boots", plainCPU, Fail, noFlags, lab},
		{
			"kvm_pvm, although everything else looks right",
			func(h *host) { h.mkdir("/sys/module/kvm_pvm") }, Fail, pvm, lab,
		},
		{"a tiny kernel that hangs", func(h *host) { h.boots["kvm"] = hung }, Fail, hung.Error(), lab},
		{
			"all of it at once", func(h *host) {
				plainCPU(h)
				h.mkdir("/sys/module/kvm_pvm")
				h.boots["kvm"] = hung
			}, Fail, noFlags + "; " + pvm + "; " + hung.Error(), lab,
		},
		{"a module that is not loaded", func(h *host) { h.remove("/dev/kvm") }, Fail, "/dev/kvm is not there", "modprobe kvm_amd"},
		{
			"something else in the device's place", func(h *host) {
				h.remove("/dev/kvm")
				h.write("/dev/kvm", "")
			}, Fail, "/dev/kvm is no device", "modprobe kvm_amd",
		},
		{
			"no QEMU to try it with", func(h *host) { h.missing[qemuProgram] = true },
			Fail, "not tried for want of qemu-system-x86_64", "apt-get install -y qemu-system-x86",
		},
		{
			"no KVM in lab mode", func(h *host) {
				noKVM(h)
				h.Lab = true
			}, Warn, "LAB MODE: instances are emulated, which is NO isolation boundary: " + noFlags + "; /dev/kvm is not there",
			"use a machine with SVM or VT-x for anything but a lab",
		},
		{
			"KVM in lab mode", func(h *host) { h.Lab = true },
			Warn, "SVM works, yet lab mode lets emulated instances in", "holm host set --lab-mode off",
		},
	})
}

func TestTCG(t *testing.T) {
	play(t, "tcg", []scene{
		{"KVM", nil, OK, "not needed: KVM works", ""},
		{"no KVM", noKVM, OK, "emulation works, a tiny kernel reached its marker in 0.4 s", ""},
		{
			"nothing that works", func(h *host) {
				noKVM(h)
				h.boots["tcg"] = errors.New("the tiny kernel hung before its first word")
			}, Fail, "emulation does not work either: the tiny kernel hung before its first word",
			"apt-get install --reinstall -y qemu-system-x86 qemu-system-data seabios",
		},
		{
			"no QEMU", func(h *host) { h.missing[qemuProgram] = true },
			Fail, "not tried for want of qemu-system-x86_64", "apt-get install -y qemu-system-x86",
		},
	})
}

func TestSMT(t *testing.T) {
	const active = "/sys/devices/system/cpu/smt/active"
	play(t, "smt", []scene{
		{"off", nil, OK, "off: no two tenants share a core", ""},
		{"a kernel that does not know it", func(h *host) { h.remove(active) }, OK, "off: no two tenants share a core", ""},
		{
			"on", func(h *host) { h.write(active, "1\n") }, Warn, "on: two tenants can share a core",
			`echo 'sched_core = "vcpus"' >> /etc/libvirt/qemu.conf && systemctl restart libvirtd`,
		},
		{
			"on, without systemd", func(h *host) {
				h.write(active, "1\n")
				h.remove("/run/systemd")
			}, Warn, "on: two tenants can share a core",
			`echo 'sched_core = "vcpus"' >> /etc/libvirt/qemu.conf && kill $(cat /run/libvirtd.pid); libvirtd -d`,
		},
		{
			"on with core scheduling", func(h *host) {
				h.write(active, "1\n")
				h.write(qemuConf, "sched_core = \"none\"\n sched_core = \"vcpus\"\n")
			}, OK, "on, and libvirt lets no two instances share a core (sched_core)", "",
		},
	})
}

func TestVulnerabilities(t *testing.T) {
	open := func(h *host) {
		h.write(vulnerabilities+"/srbds", "Vulnerable: No microcode\n")
		h.write(vulnerabilities+"/l1tf", "Mitigation: PTE Inversion; VMX: cache flushes, SMT vulnerable\n")
		h.write(vulnerabilities+"/spectre_v2", "Mitigation: Retpolines; BHI: Vulnerable, KVM: SW loop\n")
	}
	play(t, "vulnerabilities", []scene{
		{"mitigated", nil, OK, "none of 2 known ones is open", ""},
		{"open ones on AMD", open, Warn, "open: spectre_v2, srbds", "apt-get install -y amd64-microcode && reboot   # from non-free-firmware"},
		{
			"open ones on Intel", func(h *host) {
				open(h)
				h.write("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : vmx\n")
			}, Warn, "open: spectre_v2, srbds", "apt-get install -y intel-microcode && reboot   # from non-free-firmware",
		},
		{
			"open ones in a virtual machine", func(h *host) {
				open(h)
				h.write("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : vmx hypervisor\n")
			}, Warn, "open: spectre_v2, srbds", "this host is a virtual machine: its provider has to update the microcode below",
		},
		{
			"mitigations switched off", func(h *host) { h.write("/proc/cmdline", "quiet mitigations=off ro") },
			Fail, "the kernel was booted with mitigations=off",
			"sed -i 's/ *mitigations=off//' /etc/default/grub /etc/default/grub.d/* && update-grub && reboot",
		},
		{
			"an old kernel", func(h *host) { h.remove(vulnerabilities) }, Warn,
			"the kernel does not say: /sys/devices/system/cpu/vulnerabilities is not there",
			"apt-get install -y linux-image-amd64 && reboot",
		},
	})
}

func TestNested(t *testing.T) {
	amd, intel := "/sys/module/kvm_amd/parameters/nested", "/sys/module/kvm_intel/parameters/nested"
	play(t, "nested", []scene{
		{"off", nil, OK, "off in kvm_amd", ""},
		{"no module", func(h *host) { h.remove(amd) }, OK, "not offered: neither kvm_amd nor kvm_intel is loaded", ""},
		{
			"on in kvm_amd", func(h *host) { h.write(amd, "1\n") }, Warn, "kvm_amd offers nested virtualization to guests",
			"echo 'options kvm_amd nested=0' > /etc/modprobe.d/holm.conf && modprobe -r kvm_amd && modprobe kvm_amd",
		},
		{
			"on in kvm_intel", func(h *host) {
				h.remove(amd)
				h.write(intel, "Y\n")
			}, Warn, "kvm_intel offers nested virtualization to guests",
			"echo 'options kvm_intel nested=0' > /etc/modprobe.d/holm.conf && modprobe -r kvm_intel && modprobe kvm_intel",
		},
	})
}
