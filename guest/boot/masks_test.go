package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnitsOfTheListAreMasked(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want []string
	}{
		"nothing": {"", nil},
		"some, with comments and empty lines": {
			"# what a VPS does not need\n\n  getty@tty1.service\nfstrim.timer  \n\t# more\nlast.mount", []string{"fstrim.timer", "getty@tty1.service", "last.mount"},
		},
		"one twice":          {"a.service\na.service\n", []string{"a.service"}},
		"one that climbs":    {"../../../etc/passwd\n", []string{"passwd"}},
		"one by its path":    {"/usr/lib/systemd/system/a.service\n", []string{"a.service"}},
		"lines of Windows's": {"a.service\r\nb.service\r\n", []string{"a.service", "b.service"}},
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			list, dir := filepath.Join(base, "masked-units"), filepath.Join(base, "run", "systemd", "system")
			if err := os.WriteFile(list, []byte(c.list), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // a unit that is masked already is no error
				if err := maskUnits(list, dir); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, masked(t, dir)); diff != "" {
				t.Errorf("masked units (-want +got):\n%s", diff)
			}
		})
	}
}

// masked lists the links to /dev/null in a folder and complains about anything else.
func masked(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); target != "/dev/null" {
			t.Errorf("%s leads to %q (%v)", e.Name(), target, err)
		}
		units = append(units, e.Name())
	}
	return units
}

func TestAnImageWithoutAListMasksNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "system")
	if err := maskUnits(filepath.Join(t.TempDir(), "none"), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it made the folder")
	}
}

func TestAUnitThatCannotBeMaskedIsNamed(t *testing.T) {
	base := t.TempDir()
	list := filepath.Join(base, "masked-units")
	if err := os.WriteFile(list, []byte(strings.Repeat("x", 300)+".service\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := maskUnits(list, filepath.Join(base, "system")); err == nil || !strings.Contains(err.Error(), "mask xxx") {
		t.Errorf("error is %v", err)
	}
}

func TestTheImagesOwnListNamesUnits(t *testing.T) {
	base := t.TempDir()
	if err := maskUnits("../rootfs"+maskList, base); err != nil {
		t.Fatal(err)
	}
	units := masked(t, base)
	if len(units) < 10 {
		t.Errorf("only %d units are masked: %q", len(units), units)
	}
	for _, unit := range units {
		switch filepath.Ext(unit) {
		case ".service", ".socket", ".timer", ".mount", ".automount", ".path":
		default:
			t.Errorf("%q is no unit", unit)
		}
	}
}
