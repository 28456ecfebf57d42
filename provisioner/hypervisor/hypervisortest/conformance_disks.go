package hypervisortest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/provisioner/hypervisor"
)

func detachOff(t *testing.T, s suite) {
	s.mustDefine(t)
	for range 2 {
		live, err := s.DetachDisk(t.Context(), uuidA, "vdc")
		if errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out: %v", err)
			return
		}
		if err != nil || !live {
			t.Fatalf("got %t, %v", live, err)
		}
	}
	must(t, s.Start(t.Context(), uuidA))
	s.hasDisks(t, "vda", "vdb")
}

func detachRunning(t *testing.T, s suite) {
	s.mustRun(t)
	s.hasDisks(t, "vda", "vdb", "vdc")
	live, err := s.DetachDisk(t.Context(), uuidA, "vdc")
	if errors.Is(err, hypervisor.ErrUnsupported) {
		t.Logf("left out: %v", err)
		return
	}
	if err != nil || !live {
		t.Fatalf("got %t, %v", live, err)
	}
	s.hasDisks(t, "vda", "vdb")
	must(t, s.Destroy(t.Context(), uuidA))
	must(t, s.Start(t.Context(), uuidA))
	s.hasDisks(t, "vda", "vdb")
}

func diskCalls(t *testing.T, s suite) {
	s.mustDefine(t)
	calls := func() map[string]error {
		return map[string]error{
			"resize": s.ResizeDisk(t.Context(), uuidA, "vdb", 2<<40), // libvirt's test driver has disks of 1 TiB
			"errors": second(s.DiskErrors(t.Context(), uuidA)),
			"resume": s.Resume(t.Context(), uuidA),
		}
	}
	for what, err := range calls() {
		if err == nil || errors.Is(err, hypervisor.ErrNoDomain) {
			t.Errorf("%s of a domain that is off: got %v, want an error that says so", what, err)
		}
	}
	must(t, s.Start(t.Context(), uuidA))
	for what, err := range calls() {
		if errors.Is(err, hypervisor.ErrUnsupported) {
			t.Logf("left out for %s: %v", what, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.is(t, hypervisor.Running)
}

func (s suite) hasDisks(t *testing.T, want ...string) {
	t.Helper()
	st, err := s.Stats(t.Context(), uuidA)
	must(t, err)
	var got []string
	for _, d := range st.Disks {
		got = append(got, d.Target)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the running domain's disks (-want +got):\n%s", diff)
	}
}
