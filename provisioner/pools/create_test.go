package pools_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/operations"
	"holm/provisioner/pools"
	"holm/storage/arrays"
)

// held are pools that are held while one is made.
type held struct {
	names []string
	asked pools.Spec
	fails error // after the array was made
	now   bool
}

func (h *held) Names(context.Context) ([]string, error) { return h.names, nil }

func (h *held) Make(ctx context.Context, spec pools.Spec, build func(context.Context) error) (pools.View, error) {
	h.now, h.asked = true, spec
	defer func() { h.now = false }()
	if err := build(ctx); err != nil {
		return pools.View{}, err
	}
	return pools.View{}, h.fails
}

// shelf has drives, which are others once the pools are held if it is so.
type shelf struct {
	pools   *held
	changed bool
	fails   error
	made    int
}

func (s *shelf) Plan(_ context.Context, spec arrays.Spec) (arrays.Plan, error) {
	p := arrays.Plan{Spec: spec}
	for _, path := range spec.Drives {
		d := arrays.Drive{Name: strings.TrimPrefix(path, "/dev/"), Path: path, Model: "Fast"}
		if s.changed && s.pools.now {
			d.Model = "Other"
		}
		p.Drives = append(p.Drives, d)
	}
	return p, nil
}

func (s *shelf) Make(_ context.Context, _ arrays.Plan, progress func(string)) error {
	s.made++
	progress("make it")
	progress("mount it")
	return s.fails
}

func TestAnArrayAndItsPoolAreMadeAsOne(t *testing.T) {
	nvme, mixed := []string{"/dev/nvme0n1", "/dev/nvme1n1"}, []string{"/dev/sda", "/dev/nvme1n1"}
	no := errors.New("no")
	for name, c := range map[string]struct {
		drives  []string
		changed bool
		array   error
		pool    error
		made    int
		require string
		kind    fault.Kind
		says    string
	}{
		"of drives of NVMe":             {drives: nvme, made: 1, require: "raid1,nvme"},
		"of any drives":                 {drives: mixed, made: 1, require: "raid1"},
		"of drives that are others now": {drives: nvme, changed: true, require: "raid1,nvme", kind: fault.Refused, says: "have changed"},
		"an array that cannot be made":  {drives: nvme, array: no, made: 1, require: "raid1,nvme", kind: fault.Failure, says: "no"},
		"an array that becomes no pool": {drives: nvme, pool: no, made: 1, require: "raid1,nvme", kind: fault.Leftover, says: "pool big: no"},
	} {
		h := &held{fails: c.pool}
		drives := &shelf{pools: h, changed: c.changed, fails: c.array}
		m := pools.Maker{Pools: h, Arrays: drives}
		plan, err := m.Plan(t.Context(), arrays.Spec{Name: "big", Drives: c.drives, Level: arrays.Raid1, Mount: "/srv/holm"})
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		_, err = m.Create(t.Context(), plan, func(e operations.Event) { told = append(told, e.Step) })
		if c.kind == 0 && err != nil || c.kind != 0 && (fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
		if drives.made != c.made || h.asked.Require != c.require || h.asked.Path != "/srv/holm" || c.made > 0 && len(told) != 4 {
			t.Errorf("%s: made %d, asked for %+v, told of %q", name, drives.made, h.asked, told)
		}
	}
}

func TestANameThatIsTakenIsSaidBeforeDrivesAreLookedAt(t *testing.T) {
	m := pools.Maker{Pools: &held{names: []string{"big"}}}
	if _, err := m.Plan(t.Context(), arrays.Spec{Name: "big"}); fault.KindOf(err) != fault.Exists {
		t.Error(err)
	}
}
