package provisioner_test

import (
	"testing"

	"holm/internal/fault"
	"holm/provisioner/instances"
	"holm/provisioner/model"
)

func TestMemoryThatIsPromisedToOthersIsRefused(t *testing.T) {
	w := newWorld(t)
	w.capacity.MemoryMiB = 3 << 10 // of which a quarter is the host's
	w.created("web")
	_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: "db", MemoryMiB: 2 << 10}, nil)
	refused(t, err, fault.Refused, "promised 1152 of the 2304 MiB", "--memory-overcommit")
	_, err = w.holm().Instances.Plan(t.Context(), instances.Spec{Name: "db", MemoryMiB: 2 << 10})
	refused(t, err, fault.Refused, "promised 1152 of the 2304 MiB")
	_, err = w.records.SetHost(t.Context(), func(h *model.Host) error {
		h.MemoryOvercommit = 2
		return nil
	})
	must(t, err)
	_, err = w.holm().Instances.Plan(t.Context(), instances.Spec{Name: "db", MemoryMiB: 2 << 10})
	must(t, err)
}
