package profiles

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files of what is not k3s' own")

func everyProfile() []string { return []string{Plain, Docker, K3s} }

func params() Params {
	return Params{InstanceID: "0123456789ab", Hostname: "web", User: "ops", Address: netip.MustParseAddr("10.77.0.12")}
}

func files(t *testing.T, profile string) []File {
	t.Helper()
	all, err := Files(profile, params())
	if err != nil {
		t.Fatalf("%s: %v", profile, err)
	}
	return all
}

// content returns one file of a profile.
func content(t *testing.T, profile, path string) []byte {
	t.Helper()
	all := files(t, profile)
	i := slices.IndexFunc(all, func(f File) bool { return f.Path == path })
	if i < 0 {
		t.Fatalf("%s has no %s", profile, path)
	}
	return all[i].Content
}

func TestFilesMatchTheGoldenFiles(t *testing.T) {
	for _, profile := range everyProfile() {
		own, err := k3sFiles(params())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files(t, profile) {
			if slices.ContainsFunc(own, func(k File) bool { return k.Path == f.Path }) {
				continue // these have golden files of their own
			}
			golden(t, filepath.Join(profile+"-files", filepath.Base(f.Path)), f.Content)
		}
	}
}

func TestFilesAreSortedAndSayWhatTheyAreFor(t *testing.T) {
	for profile, want := range map[string]int{Plain: 5, Docker: 7, K3s: 11} {
		var paths []string
		for _, f := range files(t, profile) {
			paths = append(paths, f.Path)
			if !strings.HasSuffix(f.Purpose, ".") || !filepath.IsAbs(f.Path) || len(f.Content) == 0 {
				t.Errorf("%s: %s has %d bytes and the purpose %q", profile, f.Path, len(f.Content), f.Purpose)
			}
			if f.Mode != 0o600 && f.Mode != 0o644 {
				t.Errorf("%s: %s has the mode %04o", profile, f.Path, f.Mode)
			}
		}
		if !slices.IsSorted(paths) || len(slices.Compact(slices.Clone(paths))) != want || len(paths) != want {
			t.Errorf("%s: want %d different, sorted paths, got %q", profile, want, paths)
		}
	}
}

func TestFilesRefuseAWordThatIsNoProfile(t *testing.T) {
	for _, profile := range []string{"", "Docker", "podman\n"} {
		all, err := Files(profile, params())
		if len(all) > 0 || fault.KindOf(err) != fault.Usage || fault.RemedyOf(err) == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %d files and %v", profile, len(all), err)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no golden file (make it with -update): %v", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got), renew with -update:\n%s", path, diff)
	}
}
