package provisioner_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/provisioner"
	"holm/provisioner/instances"
	"holm/provisioner/model"
	"holm/provisioner/pools"
	drives "holm/storage/pools"
)

func TestAPlaceThatIsNotFitBecomesNoPool(t *testing.T) {
	for name, c := range map[string]struct {
		under func(*drives.Tree)
		spec  func(s *pools.Spec)
		kind  fault.Kind
		says  []string
	}{
		"a name like a path":      {whole, func(s *pools.Spec) { s.Name = "../fast" }, fault.Usage, []string{"pool", "is not allowed"}},
		"a relative path":         {whole, func(s *pools.Spec) { s.Path = "srv" }, fault.Usage, []string{`"srv"`, "/srv/holm"}},
		"a path with detours":     {whole, func(s *pools.Spec) { s.Path += "/../srv" }, fault.Usage, []string{"not the path of a mount point"}},
		"not a mount point":       {whole, func(s *pools.Spec) { s.Path += "/sub" }, fault.Usage, []string{"not a mount point"}},
		"a demand nobody knows":   {whole, func(s *pools.Spec) { s.Require = "nvme,raid7" }, fault.Usage, []string{`"raid7"`}},
		"a backend nobody knows":  {whole, func(s *pools.Spec) { s.Backend = "zfs" }, fault.Usage, []string{`"zfs"`, "qcow2"}},
		"no name of a thin pool":  {whole, func(s *pools.Spec) { s.Backend, s.Path = "lvm-thin", "-rf" }, fault.Usage, []string{"VG/POOL"}},
		"less than it has":        {whole, func(s *pools.Spec) { s.Overcommit = 0.5 }, fault.Usage, []string{"0.5"}},
		"more than anyone has":    {whole, func(s *pools.Spec) { s.Overcommit = math.Inf(1) }, fault.Usage, []string{"1 to 100"}},
		"no number at all":        {whole, func(s *pools.Spec) { s.Overcommit = math.NaN() }, fault.Usage, []string{"1 to 100"}},
		"not what is required":    {whole, func(s *pools.Spec) { s.Require = "raid1" }, fault.Unfit, []string{"raid1 is required", "nvme0n1"}},
		"one drive missing":       {oneMissing, func(*pools.Spec) {}, fault.Refused, []string{"degraded", "1 of 4 members missing"}},
		"a whole mirror missing":  {twoMissing, func(*pools.Spec) {}, fault.Unfit, []string{"the array is broken"}},
		"a file system read-only": {func(t *drives.Tree) { t.ReadOnly = true }, func(*pools.Spec) {}, fault.Unfit, []string{"read-only"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			spec := pools.Spec{Name: "fast", Path: w.mount(c.under), Require: "nvme,raid10"}
			place := spec.Path
			c.spec(&spec)
			_, err := w.holm().Pools.Plan(t.Context(), spec)
			refused(t, err, c.kind, c.says...)
			_, err = w.holm().Pools.Add(t.Context(), spec)
			refused(t, err, c.kind, c.says...)
			if exists(t, filepath.Join(place, "holm")) {
				t.Error("a folder for volumes was made")
			}
			untouched(t, w)
		})
	}
}

func TestTwoPoolsShareNothing(t *testing.T) {
	const another = "00000000-9dad-11d1-80b4-00c04fd430c8"
	for name, c := range map[string]struct {
		as   string
		path func(fast string) string
		uuid string
		kind fault.Kind
		says string
	}{
		"the same name":                  {"fast", func(p string) string { return p + "-b" }, another, fault.Exists, `pool "fast" exists`},
		"the same place":                 {"b", func(p string) string { return p }, another, fault.Usage, "lie in each other"},
		"a place inside":                 {"b", func(p string) string { return p + "/holm" }, another, fault.Usage, "lie in each other"},
		"a place around":                 {"b", filepath.Dir, another, fault.Usage, "lie in each other"},
		"the same file system elsewhere": {"b", func(p string) string { return p + "-b" }, uuidFast, fault.Exists, `file system of pool "fast"`},
	} {
		t.Run(name, func(t *testing.T) {
			w, path := fast(t, whole)
			tree := raid10(c.path(path))
			tree.FSUUID = c.uuid
			must(t, os.MkdirAll(tree.Path, 0o755))
			w.remount(tree)
			before := w.pool()
			_, err := w.holm().Pools.Add(t.Context(), pools.Spec{Name: c.as, Path: tree.Path})
			refused(t, err, c.kind, c.says)
			if after := w.pool(); after.Added != before.Added || after.Path != before.Path {
				t.Errorf("the pool was changed: %+v", after)
			}
		})
	}
}

func TestAVolumeLiesInItsPoolAndGoesWithItsInstance(t *testing.T) {
	w, path := fast(t, whole)
	inst, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	must(t, err)
	if !exists(t, volume(path, inst)) || exists(t, w.file(inst.ID, "state.qcow2")) {
		t.Error("the volume is not in the pool alone")
	}
	xml, err := w.hyp.LiveXML(t.Context(), inst.UUID)
	must(t, err)
	if !strings.Contains(xml, volume(path, inst)) {
		t.Errorf("the machine's disk is another one: %s", xml)
	}
	shown, err := w.holm().Instances.Show(t.Context(), "default", "web")
	must(t, err)
	if shown.Pool != "fast" || shown.VolumeBytes <= 0 {
		t.Errorf("shown are pool %q and %d bytes", shown.Pool, shown.VolumeBytes)
	}
	views, err := w.holm().Pools.List(t.Context(), "fast")
	must(t, err)
	if got := views[0]; got.Instances != 1 || got.PromisedBytes != 20<<30 || got.PromisedPeak != 20<<30 || got.UsedBytes != 10<<30 || got.UsedPeak != 10<<30 {
		t.Errorf("the pool is shown as %+v", got)
	}
	if got := views[0].Warnings; len(got) != 1 || got[0] != "nvme2n1 warns: temperature" {
		t.Errorf("its drives warn %q", got)
	}
	must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
	if exists(t, volume(path, inst)) {
		t.Error("the volume is still there")
	}
	views, err = w.holm().Pools.List(t.Context())
	must(t, err)
	if got := views[0]; got.Instances != 0 || got.PromisedBytes != 0 || got.PromisedPeak != 20<<30 {
		t.Errorf("after that the pool is shown as %+v", got)
	}
}

func TestTheHostsPoolIsTakenWhenNobodySaysWhere(t *testing.T) {
	w, path := fast(t, whole)
	_, err := w.records.SetHost(t.Context(), func(h *model.Host) error { h.Pool = "fast"; return nil })
	must(t, err)
	if inst := w.created("web"); !exists(t, volume(path, inst)) {
		t.Error("the volume is not in the host's pool")
	}
}

func TestABrokenOrDegradedPoolTakesNobodyNew(t *testing.T) {
	other := func(t *drives.Tree) { t.FSUUID = "00000000-0000-11d1-80b4-00c04fd430c8" }
	for name, c := range map[string]struct {
		under func(*drives.Tree)
		kind  fault.Kind
		says  []string
	}{
		"one drive missing":         {oneMissing, fault.Refused, []string{`pool "fast" is degraded`, "1 of 4", "--allow-degraded"}},
		"a whole mirror missing":    {twoMissing, fault.Unfit, []string{`pool "fast" is broken`, "the array is broken"}},
		"another file system":       {other, fault.Unfit, []string{"another file system", uuidFast}},
		"a drive of another kind":   {func(t *drives.Tree) { t.Top.Members[2].Transport = "usb" }, fault.Unfit, []string{"nvme is required: nvme2n1 is usb"}},
		"nothing mounted":           {func(t *drives.Tree) { t.Path = "/nowhere" }, fault.Unfit, []string{"not a mount point"}},
		"hardly any room":           {func(t *drives.Tree) { t.FreeBytes = 1 << 20 }, fault.Unfit, []string{"is full", "1 MiB"}},
		"less than one of its size": {func(t *drives.Tree) { t.CapacityBytes = 10 << 30 }, fault.Unfit, []string{"20 GiB", "10 GiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, path := fast(t, whole)
			tree := raid10(path)
			c.under(&tree)
			w.mu.Lock()
			clear(w.grounds)
			w.mu.Unlock()
			w.remount(tree)
			before := w.inventory()
			_, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
			refused(t, err, c.kind, c.says...)
			if diff := cmp.Diff(before, w.inventory()); diff != "" {
				t.Errorf("something was left (-before +after):\n%s", diff)
			}
		})
	}
}

func TestWhoeverTakesADegradedPoolIsOnRecord(t *testing.T) {
	w, _ := fast(t, oneMissing)
	spec := inFast()
	spec.AllowDegraded = true
	inst, err := w.holm().Instances.Create(t.Context(), spec, nil)
	must(t, err)
	if !inst.AllowDegraded || w.pool().Health.Status != model.PoolDegraded {
		t.Errorf("recorded are %v and %q", inst.AllowDegraded, w.pool().Health.Status)
	}
}

func TestAVanishedFolderOfVolumesIsNotMadeAnew(t *testing.T) {
	w, path := fast(t, whole)
	must(t, os.Remove(filepath.Join(path, "holm")))
	_, err := w.holm().Instances.Create(t.Context(), inFast(), nil)
	refused(t, err, fault.Unfit, `pool "fast" is broken`)
	if exists(t, filepath.Join(path, "holm")) {
		t.Error("the folder was made")
	}
}

func TestAPoolPromisesNoMoreThanItHas(t *testing.T) {
	w, _ := fast(t, small)
	errs := make(chan error)
	for _, name := range []string{"web", "db"} {
		go func() {
			_, err := w.holm().Instances.Create(t.Context(), instances.Spec{Name: name, Pool: "fast"}, nil)
			errs <- err
		}()
	}
	first, second := <-errs, <-errs
	if first == nil {
		first, second = second, first
	}
	must(t, second)
	refused(t, first, fault.Refused, `pool "fast" has promised 20 of 30 GiB`, "--pool POOL")
	if got := w.pool().PromisedPeak; got != 20<<30 {
		t.Errorf("the most that was promised is %d GiB, want 20", got>>30)
	}
}

func TestAnOvercommittedPoolPromisesMore(t *testing.T) {
	w := newWorld(t)
	path := w.mount(small)
	_, err := w.holm().Pools.Add(t.Context(), pools.Spec{Name: "fast", Path: path, Overcommit: 2})
	must(t, err)
	for _, name := range []string{"web", "db", "third"} {
		_, err = w.holm().Instances.Create(t.Context(), instances.Spec{Name: name, Pool: "fast"}, nil)
		must(t, err)
	}
	_, err = w.holm().Instances.Create(t.Context(), instances.Spec{Name: "fourth", Pool: "fast"}, nil)
	refused(t, err, fault.Refused, "60 of 60 GiB")
}

func TestAPoolWhoseMakingDiedIsAddedByTheSameAgain(t *testing.T) {
	for _, point := range []string{"pool.prepared", "pool.ordered"} {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			spec := pools.Spec{Name: "fast", Path: w.mount(whole)}
			w.die(point, func(p *provisioner.Engine) error {
				_, err := p.Pools.Add(t.Context(), spec)
				return err
			})
			_, err := w.holm().Pools.Add(t.Context(), spec)
			must(t, err)
			_, err = w.holm().Instances.Create(t.Context(), inFast(), nil)
			must(t, err)
		})
	}
}

func TestOfManyPoolsAtOnceInOnePlaceOneIsAdded(t *testing.T) {
	w := newWorld(t)
	path := w.mount(whole)
	errs := make(chan error)
	const many = 8
	for n := range many {
		go func() {
			_, err := w.holm().Pools.Add(t.Context(), pools.Spec{Name: fmt.Sprintf("pool%d", n), Path: path})
			errs <- err
		}()
	}
	added := 0
	for range many {
		if err := <-errs; err == nil {
			added++
		} else {
			refused(t, err, fault.Exists, "is the file system of pool")
		}
	}
	if added != 1 || !exists(t, filepath.Join(path, "holm")) || len(w.boot.paths) != 1 {
		t.Errorf("%d were added, waited for are %v", added, w.boot.paths)
	}
}
