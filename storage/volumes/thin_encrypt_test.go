package volumes

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

const thinKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// locked is volume with room for a header.
func locked(l *logical) { l.Size = "21479030784" }

// begins is how a device begins.
func (f *fakeLVM) begins(t *testing.T, l logical) []byte {
	t.Helper()
	content, err := os.ReadFile(f.path(l))
	if err != nil {
		t.Fatal(err)
	}
	return content[:headerBlock]
}

func TestAThinVolumeIsMadeWithItsHeader(t *testing.T) {
	lvm := &fakeLVM{lvs: []logical{pool()}, after: []logical{pool(), volume(one, locked)}}
	b := lvm.backend(t)
	if err := b.Create(t.Context(), one, 20, []byte(thinKey)); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(lvm.begins(t, volume(one)), []byte("LUKS\xba\xbe")) {
		t.Error("it has no header")
	}
	if used, err := b.Usage(t.Context(), one); err != nil || used.VirtualBytes != 20<<30 {
		t.Errorf("to its guest it has %d bytes, %v; want 20 GiB", used.VirtualBytes, err)
	}
	if err := b.Grow(t.Context(), one, 30, false); !errors.Is(err, errOtherKey) {
		t.Errorf("growth without its key: %v", err)
	}
	for _, gib := range []int{20, 30} {
		if err := b.Grow(t.Context(), one, gib, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Wipe(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if len(bytes.Trim(lvm.begins(t, volume(one)), "\x00")) > 0 {
		t.Error("what opens it was not overwritten")
	}
	want := []string{
		"lvcreate --yes --quiet --name holm-0123456789ab --addtag holm --activate y --setactivationskip n --type thin --virtualsize 20484m --wipesignatures n fast/thin",
		"lvextend --yes --quiet --size 30724m fast/holm-0123456789ab",
		"blkdiscard --force " + lvm.path(volume(one)),
	}
	if diff := cmp.Diff(want, lvm.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAThinVolumeThatWasLeftWithoutItsHeaderIsCompleted(t *testing.T) {
	opened := func(l *logical) { l.Attr = "Vwi-aotz--" }
	for name, tc := range map[string]struct {
		left    logical
		content string
		header  bool
	}{
		"one that is blank":                {volume(one, locked), "", true},
		"one that was left off":            {volume(one, locked, func(l *logical) { l.Attr = "Vwi---tz--" }), "", true},
		"one that a guest has written to":  {volume(one, locked), strings.Repeat("\x00", 1080) + "\x53\xef", false},
		"one that a guest has open":        {volume(one, locked, opened), "", false},
		"one of that name without the tag": {volume(one, locked, func(l *logical) { l.Tags = "" }), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			lvm := &fakeLVM{lvs: []logical{pool(), tc.left}}
			b := lvm.backend(t)
			file, err := os.OpenFile(lvm.path(tc.left), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteString(tc.content); err != nil {
				t.Fatal(err)
			}
			_ = file.Close()
			for range 2 {
				if err := b.Create(t.Context(), one, 20, []byte(thinKey)); !errors.Is(err, fs.ErrExist) {
					t.Errorf("error is %v, want fs.ErrExist", err)
				}
				begin := lvm.begins(t, tc.left)
				if got := bytes.HasPrefix(begin, []byte("LUKS\xba\xbe")); got != tc.header || !tc.header && !bytes.HasPrefix(begin, []byte(tc.content)) {
					t.Errorf("has a header: %v, want %v", got, tc.header)
				}
			}
		})
	}
}

func TestAGroupOfLargeExtentsHoldsNoEncryptedVolumes(t *testing.T) {
	for _, extent := range []string{"8388608", "0", "-1", "", "4m"} {
		lvm := &fakeLVM{lvs: []logical{pool(func(l *logical) { l.Extent = extent })}}
		err := lvm.backend(t).Create(t.Context(), one, 1, []byte(thinKey))
		if err == nil || len(lvm.asked) > 0 {
			t.Errorf("extents of %q: %v, and asked was %q", extent, err, lvm.asked)
		}
		if extent == "8388608" && (fault.KindOf(err) != fault.Unfit || fault.RemedyOf(err) != "vgchange --physicalextentsize 4m fast") {
			t.Errorf("extents of %q: %v → %s", extent, err, fault.RemedyOf(err))
		}
		if err := lvm.backend(t).Create(t.Context(), one, 1, nil); err != nil {
			t.Errorf("extents of %q, without a key: %v", extent, err)
		}
	}
}

func TestAThinVolumeThatCannotHaveAHeaderIsNotLeft(t *testing.T) {
	lvm := &fakeLVM{lvs: []logical{pool()}, after: []logical{pool(), volume(one, locked)}}
	b := lvm.backend(t)
	if err := os.Mkdir(lvm.path(volume(one)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(t.Context(), one, 20, []byte(thinKey)); err == nil || errors.Is(err, fs.ErrExist) {
		t.Errorf("error is %v", err)
	}
	if len(lvm.asked) == 0 || !strings.HasPrefix(lvm.asked[len(lvm.asked)-1], "lvremove ") {
		t.Errorf("asked was %q, want a removal at last", lvm.asked)
	}
}
