package guest_test

import (
	"bytes"
	"debug/elf"
	"io/fs"
	"path"
	"strings"
	"testing"

	"holm/guest"
)

func TestEveryUnitOfHolmsThatIsSwitchedOnIsInTheImage(t *testing.T) {
	for link, target := range guest.Links() {
		if !strings.HasSuffix(path.Dir(link), ".wants") {
			continue // no unit
		}
		if !fs.ValidPath(link) || path.Base(link) != path.Base(target) || !path.IsAbs(target) {
			t.Errorf("%s leads to %s", link, target)
		}
		if strings.HasPrefix(target, "/usr/") && !strings.HasPrefix(path.Base(target), "holm-") {
			continue // a unit of Debian's
		}
		if _, err := fs.Stat(guest.Files(), strings.TrimPrefix(target, "/")); err != nil {
			t.Errorf("%s leads nowhere: %v", link, err)
		}
	}
}

func TestEveryUnitOfHolmsRunsAProgramOfTheImage(t *testing.T) {
	units, err := fs.Glob(guest.Files(), "usr/lib/systemd/system/holm-*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("units are %v (%v)", units, err)
	}
	for _, unit := range units {
		content, err := fs.ReadFile(guest.Files(), unit)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), "\nExecStart=/usr/lib/holm/"+guest.Agent+"\n") {
			t.Errorf("%s does not start the agent", unit)
		}
	}
}

func TestAProgramThatWasNotBuiltIsNamedWithWhatBuildsIt(t *testing.T) {
	_, err := guest.Program("holm-none")
	if err == nil || !strings.Contains(err.Error(), "holm-none") || !strings.Contains(err.Error(), "make build") {
		t.Errorf("error is %v", err)
	}
}

// The first program has no libraries in the initrd, and the agent must not depend on those of one Debian release.
func TestTheProgramsNeedNothingButTheKernel(t *testing.T) {
	for _, name := range []string{guest.Init, guest.Agent} {
		t.Run(name, func(t *testing.T) {
			program, err := guest.Program(name)
			if err != nil {
				t.Skipf("left out: %v", err)
			}
			file, err := elf.NewFile(bytes.NewReader(program))
			if err != nil {
				t.Fatal(err)
			}
			if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) != 0 {
				t.Errorf("it needs %q (%v)", libraries, err)
			}
			for _, p := range file.Progs {
				if p.Type == elf.PT_INTERP {
					t.Error("it needs a dynamic linker")
				}
			}
			if len(program) > 9<<20 {
				t.Errorf("it has %d bytes", len(program))
			}
		})
	}
}
