package trusted_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/internal/trusted"
)

const nobody = 65534

func TestAPlaceThatSomebodyElseCanChangeIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("left out: files of others, which needs root")
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string) string // returns the place
		says  string
	}{
		"one of somebody else's": {func(t *testing.T, dir string) string {
			own(t, dir)
			return dir
		}, "belongs to user 65534"},
		"one that everybody writes to": {func(t *testing.T, dir string) string {
			mode(t, dir, 0o777)
			return dir
		}, "can be changed by others (mode 0777)"},
		"one that everybody writes to, made beforehand": {func(t *testing.T, dir string) string {
			mode(t, dir, 0o777|fs.ModeSticky)
			return dir
		}, "can be changed by others"},
		"one that a group writes to": {func(t *testing.T, dir string) string {
			mode(t, dir, 0o775)
			if err := os.Chown(dir, 0, nobody); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "can be changed by others (mode 0775)"},
		"one below one of somebody else's": {func(t *testing.T, dir string) string {
			place := sub(t, dir)
			own(t, dir)
			return place
		}, "belongs to user 65534"},
		"one below one that everybody writes to": {func(t *testing.T, dir string) string {
			place := sub(t, dir)
			mode(t, dir, 0o777)
			return place
		}, "can be changed by others"},
		"one that is not there yet, below one of somebody else's": {func(t *testing.T, dir string) string {
			own(t, dir)
			return filepath.Join(dir, "holm")
		}, "belongs to user 65534"},
		"a link of somebody else's in a place for all": {func(t *testing.T, dir string) string {
			mode(t, dir, 0o777|fs.ModeSticky)
			link := filepath.Join(dir, "link")
			if err := errors.Join(os.Symlink(t.TempDir(), link), os.Lchown(link, nobody, nobody)); err != nil {
				t.Fatal(err)
			}
			return link
		}, "belongs to user 65534"},
		"a link of ours to what is somebody else's": {func(t *testing.T, dir string) string {
			to := t.TempDir()
			own(t, to)
			link := filepath.Join(dir, "link")
			if err := os.Symlink(to, link); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(link, "holm")
		}, "belongs to user 65534"},
		"links without end": {func(t *testing.T, dir string) string {
			link := filepath.Join(dir, "link")
			if err := os.Symlink("link", link); err != nil {
				t.Fatal(err)
			}
			return link
		}, "too many levels"},
	} {
		t.Run(name, func(t *testing.T) {
			place := c.spoil(t, sub(t, t.TempDir()))
			if err := trusted.Dir(place); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %q", place, err, c.says)
			} else if c.says != "too many levels" && (fault.KindOf(err) != fault.Unfit || fault.RemedyOf(err) == "") {
				t.Errorf("it is a fault of kind %v, remedy %q", fault.KindOf(err), fault.RemedyOf(err))
			}
		})
	}
}

func TestAPlaceThatIsOursIsTaken(t *testing.T) {
	dir := sub(t, t.TempDir())
	open := sub(t, dir)
	mode(t, open, 0o777|fs.ModeSticky) // as /tmp
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Base(open), link); err != nil {
		t.Fatal(err)
	}
	places := []string{"/", dir, filepath.Join(dir, "not", "there", "yet")}
	if os.Geteuid() == 0 {
		places = append(places, sub(t, open), filepath.Join(link, "x"))
	}
	for _, place := range places {
		if err := trusted.Dir(place); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestAFileOfSomebodyElsesIsNotRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	if _, err := trusted.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, err := trusted.ReadFile(path); err != nil || string(content) != "secret" {
		t.Errorf("ours: %q, %v", content, err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := trusted.ReadFile(link); err == nil {
		t.Error("a link is followed")
	}
	mode(t, path, 0o666)
	if _, err := trusted.ReadFile(path); fault.KindOf(err) != fault.Unfit {
		t.Errorf("everybody's: %v", err)
	}
	if os.Geteuid() == 0 {
		mode(t, path, 0o600)
		own(t, path)
		if _, err := trusted.ReadFile(path); fault.KindOf(err) != fault.Unfit {
			t.Errorf("somebody else's: %v", err)
		}
	}
}

func sub(t *testing.T, dir string) string {
	t.Helper()
	place := filepath.Join(dir, "place")
	if err := os.Mkdir(place, 0o755); err != nil {
		t.Fatal(err)
	}
	return place
}

func own(t *testing.T, path string) {
	t.Helper()
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
