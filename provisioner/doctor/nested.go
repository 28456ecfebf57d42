package doctor

import "context"

// checkNested looks for nested virtualization, which opens the hardest part of KVM's code to every guest.
func checkNested(_ context.Context, e *env) Result {
	for _, module := range []string{"kvm_amd", "kvm_intel"} {
		switch e.value("/sys/module/" + module + "/parameters/nested") {
		case "1", "Y":
			return warn("echo 'options "+module+" nested=0' > /etc/modprobe.d/holm.conf && modprobe -r "+module+
				" && modprobe "+module, "%s offers nested virtualization to guests", module)
		case "0", "N":
			return ok("off in %s", module)
		}
	}
	return ok("not offered: neither kvm_amd nor kvm_intel is loaded")
}
