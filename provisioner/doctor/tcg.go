package doctor

import (
	"context"

	"holm/provisioner/doctor/tiny"
)

// checkTCG matters only where there is no KVM: a lab needs at least emulation that works.
func checkTCG(ctx context.Context, e *env) Result {
	if e.kvm().works() {
		return ok("not needed: KVM works")
	}
	qemu, err := e.Look(qemuProgram)
	if err != nil {
		return fail(install("qemu-system-x86"), "not tried for want of %s", qemuProgram)
	}
	out, err := e.Probes.Boot(ctx, qemu, tiny.TCG)
	if err != nil {
		return fail("apt-get install --reinstall -y qemu-system-x86 qemu-system-data seabios",
			"emulation does not work either: %v", err)
	}
	return ok("emulation works, a tiny kernel reached its marker in %.1f s", out.Elapsed.Seconds())
}
