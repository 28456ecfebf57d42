package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sysBlock makes a folder like /sys/block; a disk whose serial is "-" has none.
func sysBlock(t *testing.T, serials map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for disk, serial := range serials {
		if err := os.MkdirAll(filepath.Join(dir, disk, "queue"), 0o755); err != nil {
			t.Fatal(err)
		}
		if serial == "-" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, disk, "serial"), []byte(serial), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDisksAreToldApartByTheirSerials(t *testing.T) {
	for name, c := range map[string]struct {
		serials     map[string]string
		root, state string // "" for not found
	}{
		"in the usual order":   {map[string]string{"vda": RootSerial, "vdb": StateSerial}, "/dev/vda", "/dev/vdb"},
		"in the other order":   {map[string]string{"vdb": RootSerial, "vda": StateSerial}, "/dev/vdb", "/dev/vda"},
		"with a line's end":    {map[string]string{"vda": RootSerial + "\n", "vdb": StateSerial + " \n"}, "/dev/vda", "/dev/vdb"},
		"among others":         {map[string]string{"loop0": "-", "ram0": "-", "vdc": "holm-seed", "vdd": RootSerial, "vde": StateSerial}, "/dev/vdd", "/dev/vde"},
		"no state volume":      {map[string]string{"vda": RootSerial}, "/dev/vda", ""},
		"serials that are cut": {map[string]string{"vda": "holm-roo", "vdb": "holm-state-2"}, "", ""},
		"serials of nothing":   {map[string]string{"vda": "", "vdb": "\n"}, "", ""},
		"no disks":             {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := sysBlock(t, c.serials)
			for serial, want := range map[string]string{RootSerial: c.root, StateSerial: c.state} {
				got, err := diskBySerial(dir, serial)
				if got != want {
					t.Errorf("the disk of %s is %q (%v), want %q", serial, got, err, want)
				}
				if want == "" && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", serial))) {
					t.Errorf("error is %v, want it to name %s", err, serial)
				}
			}
		})
	}
}
