package images

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const examplePackages = `Package: bash
Source: bash (5.2.37-2)
Version: 5.2.37-2+b3
Description: the shell
 Package: not-a-field
 Version: 0
SHA256: b1

Package: bash
Version: 5.3-1
SHA256: b2

Package: no-hash
Version: 1

Package: no-version
SHA256: c1


Package: last-without-an-end
Version: 2
SHA256: d1`

func TestTheIndexIsReadFromPackagesFiles(t *testing.T) {
	x := index{}
	if err := x.read(strings.NewReader(examplePackages)); err != nil {
		t.Fatal(err)
	}
	want := index{
		"bash":                {"5.2.37-2+b3": "b1", "5.3-1": "b2"},
		"last-without-an-end": {"2": "d1"},
	}
	if diff := cmp.Diff(want, x); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
}

func TestALineWithoutEndIsRefused(t *testing.T) {
	err := index{}.read(strings.NewReader("Package: " + strings.Repeat("x", 5<<20)))
	if err == nil {
		t.Fatal("a line of 5 MiB was read")
	}
}

func TestAllListsOfAFolderAreRead(t *testing.T) {
	lists := filepath.Join(t.TempDir(), "lists [of] apt*") // no pattern, whatever it looks like
	put(t, filepath.Join(lists, "mirror_trixie_main_Packages"), "Package: a\nVersion: 1\nSHA256: a1\n")
	put(t, filepath.Join(lists, "mirror_trixie-security_main_Packages"), "Package: a\nVersion: 2\nSHA256: a2\n")
	put(t, filepath.Join(lists, "mirror_trixie_InRelease"), "Package: b\nVersion: 1\nSHA256: b1\n")
	got, err := readIndex(lists)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(index{"a": {"1": "a1", "2": "a2"}}, got); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
	if _, err := readIndex(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no package lists") {
		t.Errorf("of an empty folder: %v", err)
	}
}

func TestGoneIsWhatTheMirrorNoLongerHas(t *testing.T) {
	whole := func() index {
		return index{
			"bash":  {"5.2.37-2+b3": sumOf("bash"), "5.3-1": sumOf("new")},
			"libc6": {"2.41-12": sumOf("libc6")},
		}
	}
	for name, c := range map[string]struct {
		change func(index)
		want   []Move
	}{
		"nothing":                        {func(index) {}, nil},
		"more packages than locked":      {func(x index) { x["zsh"] = map[string]string{"1": "z"} }, nil},
		"a package":                      {func(x index) { delete(x, "libc6") }, []Move{{"libc6", "2.41-12", ""}}},
		"a version, another is there":    {func(x index) { delete(x["bash"], "5.2.37-2+b3") }, []Move{{"bash", "5.2.37-2+b3", "5.3-1"}}},
		"a version whose hash is not it": {func(x index) { x["libc6"]["2.41-12"] = sumOf("evil") }, []Move{{"libc6", "2.41-12", "2.41-12"}}},
		"a version, two others are there": {func(x index) {
			x["libc6"] = map[string]string{"2.41-14": "y", "2.41-13": "x"}
		}, []Move{{"libc6", "2.41-12", "2.41-13 or 2.41-14"}}},
		"everything": {func(x index) { clear(x) }, []Move{{"bash", "5.2.37-2+b3", ""}, {"libc6", "2.41-12", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			x := whole()
			c.change(x)
			if diff := cmp.Diff(c.want, x.gone(exampleLock())); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstalledPackagesGetTheHashesOfTheIndex(t *testing.T) {
	need(t, "dpkg-query")
	root := t.TempDir()
	stanza := "Package: %s\nStatus: install ok installed\nMaintainer: x\nArchitecture: amd64\nVersion: %s\nDescription: x\n\n"
	put(t, filepath.Join(root, "var/lib/dpkg/status"), fmt.Sprintf(stanza+stanza, "libc6", "2.41-12", "bash", "1:5.3-1"))
	if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg/info"), 0o755); err != nil {
		t.Fatal(err)
	}
	x := index{"bash": {"1:5.3-1": "b"}, "libc6": {"2.41-12": "c"}}
	got, err := x.installed(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Package{{"bash", "1:5.3-1", "b"}, {"libc6", "2.41-12", "c"}}, got); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	delete(x, "bash")
	if _, err := x.installed(t.Context(), root); err == nil || !strings.Contains(err.Error(), "bash 1:5.3-1") {
		t.Errorf("a package from nowhere: error is %v, want it named", err)
	}
}

func FuzzIndexRead(f *testing.F) {
	f.Add([]byte(examplePackages))
	f.Add([]byte("Package: \nVersion: \nSHA256: \n\n"))
	f.Add([]byte("Package: a\r\nVersion: 1\r\nSHA256: x\r\n\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		x := index{}
		if err := x.read(bytes.NewReader(content)); err != nil {
			return
		}
		for name, versions := range x {
			for version, sum := range versions {
				if name == "" || version == "" || sum == "" {
					t.Errorf("package %q, version %q has the hash %q", name, version, sum)
				}
				if !bytes.Contains(content, []byte("Package: "+name)) {
					t.Errorf("%q is nowhere in the input", name)
				}
			}
		}
	})
}
