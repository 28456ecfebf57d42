package views

import (
	"context"
	"fmt"

	"holm/provisioner/hypervisor"
	"holm/provisioner/machine"
	"holm/provisioner/model"
)

// WhyStalled says why the hypervisor has paused an instance.
func WhyStalled(ctx context.Context, h hypervisor.Driver, inst model.Instance) string {
	failed, err := h.DiskErrors(ctx, inst.UUID)
	if err != nil || failed[machine.StateTarget] == "" {
		return "a disk has failed"
	}
	if failed[machine.StateTarget] == hypervisor.DiskFull {
		return "no space in " + poolText(inst.Pool)
	}
	return "the disk " + machine.StateTarget + " has failed: " + failed[machine.StateTarget]
}

func poolText(pool string) string {
	if pool == "" {
		return "the state directory"
	}
	return fmt.Sprintf("pool %q", pool)
}
