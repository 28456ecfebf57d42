package recordstest

import (
	"errors"
	"testing"

	"holm/provisioner/model"
	"holm/storage/records"
)

func testFlavors(t *testing.T, s Store) {
	if all, err := s.Flavors(t.Context()); err != nil || len(all) > 0 {
		t.Fatalf("an empty store has the flavors %v, %v", all, err)
	}
	small := model.Flavor{Name: "small", VCPUs: 1, MemoryMiB: 1024, DiskGiB: 20, Limits: model.Limits{CPUPercent: 100, IOPS: 500}}
	busy := model.Flavor{Name: "busy", VCPUs: 2, MemoryMiB: 2048, DiskGiB: 40}
	for _, one := range []model.Flavor{{Name: "small", VCPUs: 9}, busy, small} {
		if err := s.SetFlavor(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Flavors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the flavors", []model.Flavor{busy, small}, all)
	if err := s.DropFlavor(t.Context(), "busy"); err != nil {
		t.Fatal(err)
	}
	if err := s.DropFlavor(t.Context(), "busy"); !errors.Is(err, records.ErrNotFound) {
		t.Errorf("dropped twice: %v, want ErrNotFound", err)
	}
	if err := s.SetFlavor(t.Context(), model.Flavor{}); err == nil {
		t.Error("a flavor without a name was taken")
	}
}
