package verify

import (
	"context"
	"strconv"

	"holm/provisioner/machine"
)

// accel: a domain of type kvm whose QEMU has no virtual machine of the kernel open would be emulated.
func accel() rule {
	return rule{
		id: "accel", side: Host, source: "holm", promise: "the guest runs under KVM, the isolation boundary",
		try: func(_ context.Context, t *trial) found {
			const tried = "look for KVM's virtual machine among QEMU's open files"
			live, err := machine.ReadLive(t.Live)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if t.Wanted.Accel == machine.TCG {
				if !t.Lab {
					return failed(tried, "it is emulated, and lab mode is off")
				}
				return notApplicable(tried, "lab mode: the guest is emulated, which is no isolation boundary")
			}
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if !live.KVM || !p.hasKVM() {
				return failed(tried, "there is none: the guest is emulated, which is no isolation boundary")
			}
			return passed(tried, "anon_inode:kvm-vm")
		},
	}
}

// hasKVM looks for the file that stands for a virtual machine. A QEMU has a few hundred open files at most.
func (p *process) hasKVM() bool {
	const most = 1 << 16
	dir, err := p.Dir.Open("fd")
	if err != nil {
		return false
	}
	names, err := dir.Readdirnames(most)
	_ = dir.Close()
	if err != nil {
		return false
	}
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil {
			continue
		}
		if target, err := p.Dir.Readlink("fd/" + name); err == nil && target == "anon_inode:kvm-vm" {
			return true
		}
	}
	return false
}
