package cloudinit

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kdomanski/iso9660"

	"holm/internal/fault"
)

func TestSeedReadsBackWithTheLibrary(t *testing.T) {
	seed := render(t, exampleSpec(ProfileDocker))
	image := isoOf(t, seed)
	volume, err := iso9660.OpenImage(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := volume.Label(); err != nil || got != label {
		t.Errorf("label %q (%v), cloud-init looks for %q", got, err, label)
	}
	root, err := volume.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	children, err := root.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, file := range children {
		content, err := io.ReadAll(file.Reader())
		if err != nil {
			t.Fatal(err)
		}
		got[file.Name()] = string(content)
	}
	want := map[string]string{
		fileUserData: string(seed.UserData), fileMetaData: string(seed.MetaData), fileNetworkConfig: string(seed.NetworkConfig),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files in the image (-want +got):\n%s", diff)
	}
}

// The library's own writer is the judge of the layout: what differs may be the times and the name of the application.
func TestImageIsWhatTheLibrarysWriterMakes(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"three small files": {
			fileUserData: []byte("#cloud-config\n{}\n"), fileMetaData: []byte("instance-id: a\n"), fileNetworkConfig: []byte("version: 2\n"),
		},
		"all four, one empty, one of a whole sector, one of several": {
			fileUserData: bytes.Repeat([]byte("x"), 3*sector), fileMetaData: nil,
			fileNetworkConfig: bytes.Repeat([]byte("y"), sector), fileVendorData: []byte("z"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := imageOf(files)
			if err != nil {
				t.Fatal(err)
			}
			want := withLibrarysWriter(t, files)
			for _, image := range [][]byte{got, want} {
				blank(image, 574, 128) // application
				blank(image, 813, 4*17)
			}
			if !bytes.Equal(want, got) {
				t.Errorf("the image differs from the library's, %d and %d bytes, first at %d", len(want), len(got), firstDifference(want, got))
			}
		})
	}
}

func withLibrarysWriter(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	w, err := iso9660.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	for name, content := range files {
		if err := w.AddFile(bytes.NewReader(content), name); err != nil {
			t.Fatal(err)
		}
	}
	var image bytes.Buffer
	if err := w.WriteTo(&image, label); err != nil {
		t.Fatal(err)
	}
	return image.Bytes()
}

// blank zeroes bytes of the primary volume descriptor.
func blank(image []byte, offset, length int) { clear(image[systemSectors*sector+offset:][:length]) }

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestImageCarriesNoTime(t *testing.T) {
	image := isoOf(t, render(t, exampleSpec(ProfilePlain)))
	unspecified := append(bytes.Repeat([]byte("0"), 16), 0)
	for _, offset := range []int{813, 830, 847, 864} {
		at := systemSectors*sector + offset
		if got := image[at : at+17]; !bytes.Equal(got, unspecified) {
			t.Errorf("time at %d of the volume descriptor is %q", offset, got)
		}
	}
}

func TestImageHoldsOnlyFilesOfASeed(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"another name":           {"id_ed25519": nil},
		"an upper-case name":     {"User-Data": nil},
		"a path":                 {"../user-data": nil},
		"an empty name":          {"": nil},
		"a file of over one MiB": {fileUserData: make([]byte, maxFile+1)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := imageOf(files); err == nil {
				t.Error("was put into a seed")
			}
		})
	}
}

func TestWriteFile(t *testing.T) {
	seed := render(t, exampleSpec(ProfileDocker))
	one, other := filepath.Join(t.TempDir(), "seed.iso"), filepath.Join(t.TempDir(), "other", "s.iso")
	if err := os.Mkdir(filepath.Dir(other), 0o700); err != nil {
		t.Fatal(err)
	}
	sumOne, size := writeSeed(t, seed, one)
	sumOther, _ := writeSeed(t, seed, other)
	if sumOne != sumOther || len(sumOne) != 64 {
		t.Errorf("two builds of one seed differ: %s and %s", sumOne, sumOther)
	}
	if a, b := read(t, one), read(t, other); !bytes.Equal(a, b) || int64(len(a)) != size {
		t.Errorf("two files of one seed differ, or are not of the size %d that was told", size)
	}
	if size%sector != 0 || size > 64<<10 {
		t.Errorf("size %d: want whole sectors and at most 64 KiB", size)
	}
	info, err := os.Stat(one)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != seedMode {
		t.Errorf("mode %v, want %v", got, seedMode)
	}
	if got := names(t, filepath.Dir(one)); !cmp.Equal(got, []string{"seed.iso"}) {
		t.Errorf("left beside the seed: %v", got)
	}
}

func TestWriteFileLeavesNothingWhereItFails(t *testing.T) {
	dir := t.TempDir()
	seed := render(t, exampleSpec(ProfilePlain))
	blocked := filepath.Join(dir, "seed.iso")
	// A directory that is not empty cannot be replaced by rename, not even by root.
	if err := os.MkdirAll(filepath.Join(blocked, "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, err := seed.WriteFile(blocked)
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("want one line of error, got %v", err)
	}
	if got := names(t, dir); !cmp.Equal(got, []string{"seed.iso"}) {
		t.Errorf("left behind: %v", got)
	}
	if _, _, err := seed.WriteFile(filepath.Join(dir, "absent", "seed.iso")); err == nil {
		t.Error("wrote into a directory that is not there")
	}
	seed.UserData = make([]byte, maxFile+1)
	if _, _, err := seed.WriteFile(filepath.Join(dir, "big.iso")); err == nil || fault.KindOf(err) != fault.Failure {
		t.Errorf("a seed of over one MiB: %v", err)
	}
}

func TestOtherToolsReadTheSeed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.iso")
	writeSeed(t, render(t, exampleSpec(ProfileDocker)), path)
	for _, c := range []struct {
		tool, debianPackage string
		args                []string
		want                []string
	}{
		{"isoinfo", "genisoimage", []string{"-d", "-i", path}, []string{"Volume id: " + label}},
		{"isoinfo", "genisoimage", []string{"-f", "-i", path}, []string{"/meta-data;1", "/network-config;1", "/user-data;1"}},
		{"isoinfo", "genisoimage", []string{"-x", "/user-data;1", "-i", path}, []string{userDataHeader, "name: ops"}},
		{"blkid", "util-linux", []string{"-p", "-o", "export", path}, []string{"TYPE=iso9660", "LABEL=" + label}},
	} {
		t.Run(c.tool+" "+c.args[0], func(t *testing.T) {
			tool, err := exec.LookPath(c.tool)
			if err != nil {
				t.Skipf("%s is not installed (Debian package %s): only the library's reader was asked", c.tool, c.debianPackage)
			}
			out, err := exec.CommandContext(t.Context(), tool, c.args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s %v: %v\n%s", c.tool, c.args, err, out)
			}
			for _, want := range c.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s %v does not say %q:\n%s", c.tool, c.args, want, out)
				}
			}
		})
	}
}

func BenchmarkWriteFile(b *testing.B) {
	seed := render(b, exampleSpec(ProfileDocker))
	path := filepath.Join(b.TempDir(), "seed.iso")
	for b.Loop() {
		writeSeed(b, seed, path)
	}
}

func BenchmarkISO(b *testing.B) {
	seed := render(b, exampleSpec(ProfileDocker))
	for b.Loop() {
		isoOf(b, seed)
	}
}

func BenchmarkRender(b *testing.B) {
	spec := exampleSpec(ProfileDocker)
	for b.Loop() {
		render(b, spec)
	}
}

func isoOf(t testing.TB, seed Seed) []byte {
	t.Helper()
	image, err := seed.ISO()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func writeSeed(t testing.TB, seed Seed, path string) (sum string, size int64) {
	t.Helper()
	sum, size, err := seed.WriteFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum, size
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}
