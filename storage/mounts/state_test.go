package mounts_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPoolsOfOneNameInTwoStateDirectoriesAreWaitedForEach(t *testing.T) {
	first, _ := host(t)
	second := first
	first.State, second.State = "/var/lib/holm", "/srv/holm"
	files := func() (names []string) {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(first.Root, "etc/systemd/system/holm-resume.service.d", "*.conf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, filepath.Base(path)+"\n"+string(content))
		}
		return names
	}
	if err := first.Order("fast", "/srv/one"); err != nil {
		t.Fatal(err)
	}
	one := files()
	if err := second.Order("fast", "/srv/two"); err != nil {
		t.Fatal(err)
	}
	if both := files(); len(both) != 2 || !slices.Contains(both, one[0]) {
		t.Errorf("there are %q", both)
	}
	if err := second.Unorder("fast"); err != nil {
		t.Fatal(err)
	}
	if left := files(); !slices.Equal(left, one) {
		t.Errorf("left is %q, want %q", left, one)
	}
}
