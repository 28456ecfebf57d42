package boot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestEveryCompiledProfileIsHandedToTheKernel(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string // what the kernel was last given
	}{
		"none":                      {nil, ""},
		"one":                       {map[string]string{"a.bin": "profile a"}, "profile a"},
		"two, in their order":       {map[string]string{"b.bin": "profile b", "a.bin": "longer profile a"}, "longer profile aprofile b"},
		"what is no profile":        {map[string]string{"features-6.12": "mask", "a": "text"}, ""},
		"a profile among the rest":  {map[string]string{"features-6.12": "mask", "a.bin": "profile a"}, "profile a"},
		"a profile that is a stub":  {map[string]string{"a.bin": ""}, ""},
		"names with odd characters": {map[string]string{"usr.bin.a b.bin": "odd"}, "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range c.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := given(t, dir); got != c.want {
				t.Errorf("the kernel was given %q, want %q", got, c.want)
			}
		})
	}
}

// given loads the profiles of a folder into a kernel that keeps what it is given.
func given(t *testing.T, dir string) string {
	t.Helper()
	replace := filepath.Join(t.TempDir(), "replace")
	got, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Close() }()
	// A file of the kernel's has no end that is cut off when it is opened: neither has a pipe's.
	if err := os.Symlink("/proc/self/fd/"+strconv.FormatUint(uint64(write.Fd()), 10), replace); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(loadProfiles(dir, replace), write.Close()); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 1<<10)
	n, _ := got.Read(content)
	return string(content[:n])
}

func TestAProfileThatCannotBeLoadedStopsTheBootAndIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "holm-canary.bin"), []byte("profile"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := loadProfiles(dir, filepath.Join(t.TempDir(), "none"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "holm-canary.bin") {
		t.Errorf("without AppArmor in the kernel: error is %v", err)
	}
	if err := loadProfiles(dir, "/dev/full"); err == nil || !strings.Contains(err.Error(), "holm-canary.bin") {
		t.Errorf("refused by the kernel: error is %v", err)
	}
}

func TestAnImageWithoutProfilesBootsWithoutAppArmor(t *testing.T) {
	if err := loadProfiles(filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}

func TestAFolderOfTheStateVolumeKeepsTheModeThatItWasGivenSince(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store", "var", "tmp")
	sticky := fs.ModeDir | fs.ModeSticky | 0o777
	if err := makeStore(dir, fs.ModeSticky|0o777); err != nil {
		t.Fatal(err)
	}
	if got := modeOf(t, dir); got != sticky {
		t.Errorf("made it is %s, want %s", got, sticky)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := makeStore(dir, fs.ModeSticky|0o777); err != nil {
		t.Fatal(err)
	}
	if got := modeOf(t, dir); got != fs.ModeDir|0o700 {
		t.Errorf("made again it is %s", got)
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestOnlyWhereContainersAndPeopleKeepProgramsMayTheyRun(t *testing.T) {
	for _, b := range binds {
		temporary := strings.HasSuffix(b.dir, "tmp")
		if b.exec == temporary || (b.mode&os.ModeSticky != 0) != temporary {
			t.Errorf("%s: programs run: %v, mode %s", b.dir, b.exec, b.mode)
		}
	}
}
