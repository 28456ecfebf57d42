package volumestest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"holm/internal/run"
)

const (
	// chunk is what is written or read at once, in bytes.
	chunk = 1 << 20
	// filler is how the names begin of what Fill makes.
	filler = "filler"
	// volumes64 is a size in GiB whose metadata alone takes some space.
	volumes64 = 64
)

// Filler returns the n-th name for something that takes space away.
func Filler(n int) string { return fmt.Sprintf("%s-%d", filler, n) }

func (s suite) create(t *testing.T, id string, gib int) {
	t.Helper()
	if err := s.Backend.Create(t.Context(), id, gib, nil); err != nil {
		t.Fatalf("create %s: %v", id, err)
	}
}

func (s suite) clone(t *testing.T, from, id string) {
	t.Helper()
	if err := s.Backend.Clone(t.Context(), from, id); err != nil {
		t.Fatalf("clone %s as %s: %v", from, id, err)
	}
}

func (s suite) remove(t *testing.T, id string) {
	t.Helper()
	if err := s.Backend.Remove(t.Context(), id); err != nil {
		t.Fatalf("remove %s: %v", id, err)
	}
}

func (s suite) has(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got, err := s.Backend.List(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("the list is %q, %v, want %q", got, err, want)
	}
}

func (s suite) size(t *testing.T, id string, gib int64) {
	t.Helper()
	if used, err := s.Backend.Usage(t.Context(), id); err != nil || used.VirtualBytes != gib<<30 {
		t.Errorf("usage of %s is %+v, %v, want %d GiB", id, used, err, gib)
	}
}

// writes and reads do what a guest does, with a chunk of the same byte.
func (s suite) writes(t *testing.T, id string, at int64, pattern byte) {
	t.Helper()
	s.io(t, id, fmt.Sprintf("write -P %d %d %d", pattern, at, chunk))
}

func (s suite) reads(t *testing.T, id string, at int64, pattern byte) {
	t.Helper()
	s.io(t, id, fmt.Sprintf("read -P %d %d %d", pattern, at, chunk))
}

func (s suite) io(t *testing.T, id, command string) {
	t.Helper()
	d := s.Backend.Disk(id)
	out, err := run.Command(t.Context(), "qemu-io", "-f", d.Format, "-c", command, "-c", "flush", d.Path)
	if err != nil || strings.Contains(string(out), "failed") {
		t.Errorf("%s: %s: %v: %s", d.Path, command, err, out)
	}
}

func without(names []string, prefix string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.HasPrefix(n, prefix) })
}
