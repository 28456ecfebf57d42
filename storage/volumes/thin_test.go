package volumes

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
	"holm/internal/run"
)

const one, two = "0123456789ab", "ba9876543210"

// fakeLVM answers lvs with a table, notes what else is asked of it, and fails that as it is told.
type fakeLVM struct {
	dev   string // where its devices are: files
	lvs   []logical
	fails error // of everything but lvs
	after []logical
	asked []string
}

func (f *fakeLVM) run(_ context.Context, name string, args ...string) ([]byte, error) {
	if name == "lvs" {
		type report struct {
			LV []logical `json:"lv"`
		}
		return json.Marshal(map[string][]report{"report": {{f.lvs}}})
	}
	f.asked = append(f.asked, name+" "+strings.Join(args, " "))
	if f.after != nil {
		f.lvs = f.after
	}
	if err := f.devices(); err != nil {
		return nil, err
	}
	return nil, f.fails
}

func pool(change ...func(*logical)) logical {
	l := logical{Name: "thin", Size: "107374182400", Data: "12.50", Meta: "3.00", Attr: "twi-aotz--", Extent: "4194304"}
	for _, c := range change {
		c(&l)
	}
	return l
}

func volume(id string, change ...func(*logical)) logical {
	l := logical{Name: "holm-" + id, Tags: "other,holm", Pool: "thin", Size: "21474836480", Data: "25.00", Attr: "Vwi-a-tz--"}
	for _, c := range change {
		c(&l)
	}
	return l
}

func (f *fakeLVM) backend(t *testing.T) Backend {
	t.Helper()
	if f.dev == "" {
		f.dev = t.TempDir()
	}
	if err := f.devices(); err != nil {
		t.Fatal(err)
	}
	return thin{group: "fast", pool: "thin", dev: f.dev, run: f.run}
}

// devices makes those of the table that are not there: of zeros, as thin volumes are.
func (f *fakeLVM) devices() error {
	if err := os.MkdirAll(filepath.Join(f.dev, "fast"), 0o700); err != nil {
		return err
	}
	for _, l := range f.lvs {
		if _, err := os.Stat(f.path(l)); err == nil {
			continue
		}
		file, err := os.OpenFile(f.path(l), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Truncate(8<<20), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeLVM) path(l logical) string { return filepath.Join(f.dev, "fast", l.Name) }

func TestWhatIsAskedOfLVM(t *testing.T) {
	const make = "lvcreate --yes --quiet --name holm-ba9876543210 --addtag holm --activate y --setactivationskip n "
	for name, tc := range map[string]struct {
		do   func(b Backend) error
		want []string
	}{
		"a create": {func(b Backend) error { return b.Create(t.Context(), two, 20, nil) }, []string{make + "--type thin --virtualsize 20g --wipesignatures n fast/thin"}},
		"a clone":  {func(b Backend) error { return b.Clone(t.Context(), one, two) }, []string{make + "--snapshot fast/holm-0123456789ab"}},
		"a removal": {func(b Backend) error { return b.Remove(t.Context(), one) }, []string{
			"lvremove --force --yes --quiet --select lv_tags={holm} && lv_name=holm-0123456789ab && pool_lv=thin fast",
		}},
		"a removal of what is not there": {func(b Backend) error { return b.Remove(t.Context(), two) }, nil},
		"a growth":                       {func(b Backend) error { return b.Grow(t.Context(), one, 30, false) }, []string{"lvextend --yes --quiet --size 30g fast/holm-0123456789ab"}},
		"a growth to the same size":      {func(b Backend) error { return b.Grow(t.Context(), one, 20, false) }, nil},
		"a look": {func(b Backend) error {
			_, usage := b.Usage(t.Context(), one)
			_, list := b.List(t.Context())
			return errors.Join(usage, list, b.Prepare(t.Context()))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			lvm := &fakeLVM{lvs: []logical{pool(), volume(one), {Name: "root", Size: "1", Attr: "-wi-ao----"}}}
			if err := tc.do(lvm.backend(t)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, lvm.asked); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfAThinVolumeIsToldWhatLVMSays(t *testing.T) {
	lvm := &fakeLVM{lvs: []logical{
		volume(two), volume(one), pool(), volume("cccccccccccc", func(l *logical) { l.Tags = "" }),
		volume("dddddddddddd", func(l *logical) { l.Pool = "slow" }), volume("nothex"),
	}}
	ids, err := lvm.backend(t).List(t.Context())
	if diff := cmp.Diff([]string{one, two}, ids); err != nil || diff != "" {
		t.Errorf("list: %v (-want +got):\n%s", err, diff)
	}
	used, err := lvm.backend(t).Usage(t.Context(), one)
	if want := (Usage{VirtualBytes: 20 << 30, AllocatedBytes: 5 << 30}); err != nil || used != want {
		t.Errorf("usage: %+v, %v, want %+v", used, err, want)
	}
	want := Disk{Path: "/dev/fast/holm-0123456789ab", Format: "raw", Block: true}
	real, err := Open(LVMThin, "fast/thin")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, real.Disk(one)); diff != "" {
		t.Errorf("disk (-want +got):\n%s", diff)
	}
}

func TestAThinPoolThatWillNotDoIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*logical)
		says   string
	}{
		"another name":                               {func(l *logical) { l.Name = "slow" }, "the thin pool fast/thin is not there"},
		"a plain volume":                             {func(l *logical) { l.Attr = "-wi-ao----" }, "fast/thin is not a thin pool"},
		"one that shows old contents":                {func(l *logical) { l.Attr = "twi-aot---" }, "does not zero its blocks"},
		"one that is off":                            {func(l *logical) { l.Attr = "twi---tz--" }, "is switched off"},
		"one whose extents are larger than a header": {func(l *logical) { l.Extent = "33554432" }, "its extents have 32 MiB"},
		"one of which little is told":                {func(l *logical) { l.Attr = "" }, "is not a thin pool"},
	} {
		t.Run(name, func(t *testing.T) {
			lvm := &fakeLVM{lvs: []logical{pool(tc.change)}}
			err := lvm.backend(t).Prepare(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.says) || fault.KindOf(err) != fault.Unfit || fault.RemedyOf(err) == "" {
				t.Errorf("error is %v → %s, want %q and a remedy", err, fault.RemedyOf(err), tc.says)
			}
		})
	}
}

func TestAFullThinPoolSaysSo(t *testing.T) {
	threshold := &run.Error{Name: "lvcreate", Code: 5, Stderr: "  Cannot create new thin volume, free space in thin pool fast/thin reached threshold.\n", Cause: errors.New("exit 5")}
	for name, lvm := range map[string]*fakeLVM{
		"by its percentage":               {lvs: []logical{pool(func(l *logical) { l.Data = "100.00" })}},
		"by that of its metadata":         {lvs: []logical{pool(func(l *logical) { l.Meta = "100.00" })}},
		"by its health":                   {lvs: []logical{pool(func(l *logical) { l.Attr = "twi-aotzD-" })}},
		"by metadata that took no more":   {lvs: []logical{pool(func(l *logical) { l.Attr = "twi-aotzM-" })}},
		"when it is asked for one volume": {lvs: []logical{pool()}, fails: threshold},
	} {
		t.Run(name, func(t *testing.T) {
			err := lvm.backend(t).Create(t.Context(), one, 1, nil)
			if !errors.Is(err, syscall.ENOSPC) || err.Error() != "no space left in the thin pool fast/thin for a volume" || fault.RemedyOf(err) == "" {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestAThinVolumeThatIsTakenIsNotTouched(t *testing.T) {
	taken := &run.Error{Name: "lvcreate", Code: 5, Stderr: "  Logical Volume already exists\n", Cause: errors.New("exit 5")}
	untagged := volume(one, func(l *logical) { l.Tags = "" })
	for name, tc := range map[string]struct {
		lvm  *fakeLVM
		want []string
	}{
		"one that is there":        {&fakeLVM{lvs: []logical{pool(), volume(one)}}, nil},
		"one that is somebody's":   {&fakeLVM{lvs: []logical{pool(), untagged}}, nil},
		"one that came in between": {&fakeLVM{lvs: []logical{pool()}, fails: taken, after: []logical{pool(), volume(one)}}, []string{"lvcreate"}},
		"one that is somebody's and off": {
			&fakeLVM{lvs: []logical{pool(), volume(one, func(l *logical) { l.Tags, l.Attr = "", "Vwi---tz--" })}}, nil,
		},
		"one that a killed lvcreate left off, which goes on": {
			&fakeLVM{lvs: []logical{pool(), volume(one, func(l *logical) { l.Attr = "Vwi---tz--" })}}, []string{"lvchange"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.lvm.backend(t).Create(t.Context(), one, 1, nil)
			if !errors.Is(err, fs.ErrExist) || fault.KindOf(err) != fault.Exists {
				t.Errorf("error is %v, want fs.ErrExist", err)
			}
			var programs []string
			for _, a := range tc.lvm.asked {
				programs = append(programs, strings.Fields(a)[0])
			}
			if diff := cmp.Diff(tc.want, programs); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAnswerOfLVMThatMakesNoSenseIsAnError(t *testing.T) {
	for name, answer := range map[string]string{"nothing": "", "no JSON": "LV VG", "an empty report": `{"report":[]}`} {
		lvm := thin{group: "fast", pool: "thin", run: func(context.Context, string, ...string) ([]byte, error) { return []byte(answer), nil }}
		if _, err := lvm.Usage(t.Context(), one); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []string{"", "-1", "20g", "99999999999999999999"} {
		lvm := &fakeLVM{lvs: []logical{pool(), volume(one, func(l *logical) { l.Size = size })}}
		if _, err := lvm.backend(t).Usage(t.Context(), one); err == nil {
			t.Errorf("a size of %q was believed", size)
		}
	}
	gone := &run.Error{Name: "lvs", Code: 5, Stderr: "  Volume group \"fast\" not found\n", Cause: errors.New("exit 5")}
	lvm := thin{group: "fast", pool: "thin", run: func(context.Context, string, ...string) ([]byte, error) { return nil, gone }}
	if err := lvm.Remove(t.Context(), one); fault.KindOf(err) != fault.Unfit {
		t.Errorf("remove from a group that is gone: %v, want a fault of kind Unfit", err)
	}
}

func TestNamesOfThinPools(t *testing.T) {
	for _, good := range []string{"fast/thin", "vg0/pool_1", "a.b-c+d/x"} {
		if _, err := Open(LVMThin, good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "fast", "/thin", "fast/", "fast/thin/x", "-o/thin", "fast/-o", "../thin", "fast/..", "./x", "fast/thin\n", "fa st/thin", "@holm/x", "/dev/fast/thin", strings.Repeat("a", 128) + "/x"} {
		if _, err := Open(LVMThin, bad); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v, want a fault of kind Usage", bad, err)
		}
	}
}
