package cloudinit

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// exampleSpec is a valid Spec; tests change what they are about.
func exampleSpec(profile string) Spec {
	return Spec{
		InstanceID:     "0123456789ab",
		Hostname:       "web",
		User:           "ops",
		AuthorizedKeys: []string{ed25519Key, ecdsaKey},
		MAC:            "52:54:00:4E:11:0C",
		Address:        netip.MustParsePrefix("10.77.0.12/24"),
		Gateway:        netip.MustParseAddr("10.77.0.1"),
		Profile:        profile,
	}
}

func TestRenderMatchesTheGoldenFiles(t *testing.T) {
	bare := exampleSpec(ProfilePlain)
	bare.Modules = DefaultModules()
	for name, spec := range map[string]Spec{
		ProfilePlain:          exampleSpec(ProfilePlain),
		ProfileDocker:         exampleSpec(ProfileDocker),
		ProfileK3s:            exampleSpec(ProfileK3s),
		"default-modules":     bare,
		"yaml-number-lookers": numberLookers(),
	} {
		t.Run(name, func(t *testing.T) {
			seed := render(t, spec)
			golden(t, filepath.Join(name, fileUserData), seed.UserData)
			golden(t, filepath.Join(name, fileMetaData), seed.MetaData)
			golden(t, filepath.Join(name, fileNetworkConfig), seed.NetworkConfig)
		})
	}
}

// numberLookers is made of values that YAML 1.1, which cloud-init reads, takes for numbers and booleans unless they
// are quoted: octal, sexagesimal, yes and no.
func numberLookers() Spec {
	s := exampleSpec(ProfilePlain)
	s.InstanceID, s.MAC, s.Hostname, s.User = "012345670123", "12:34:56:12:34:56", "no", "y"
	return s
}

func TestRenderGivesEqualBytesForEqualInstances(t *testing.T) {
	one, other := exampleSpec(ProfileDocker), exampleSpec(ProfileDocker)
	other.MAC = strings.ToLower(other.MAC)
	other.AuthorizedKeys = []string{"  " + ed25519Key + " ", ecdsaKey, ed25519Key}
	if diff := cmp.Diff(render(t, one), render(t, other)); diff != "" {
		t.Errorf("the spelling of a key or of the MAC changed the seed:\n%s", diff)
	}
}

func TestRenderLeavesTheCallersSpecAlone(t *testing.T) {
	spec := exampleSpec(ProfileDocker)
	spec.AuthorizedKeys = []string{ed25519Key, ed25519Key}
	before := slices.Clone(spec.AuthorizedKeys)
	render(t, spec)
	if diff := cmp.Diff(before, spec.AuthorizedKeys); diff != "" {
		t.Errorf("Render changed the slice that it was given:\n%s", diff)
	}
}

func TestModulesAreWrittenOnlyWhenTheyAreGiven(t *testing.T) {
	for name, c := range map[string]struct {
		modules *Modules
		want    map[string]any
	}{
		"none leaves the image's lists": {nil, map[string]any{}},
		"a nil list is left out and an empty one is written": {
			&Modules{Init: []string{"ssh"}, Config: []string{}},
			map[string]any{"cloud_init_modules": []any{"ssh"}, "cloud_config_modules": []any{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := exampleSpec(ProfilePlain)
			spec.Modules = c.modules
			got := map[string]any{}
			for key, value := range parse(t, render(t, spec).UserData) {
				if strings.HasSuffix(key, "_modules") {
					got[key] = value
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("module lists in user-data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultModulesHandsOutItsOwnCopy(t *testing.T) {
	DefaultModules().Init[0] = "changed"
	if got := DefaultModules().Init[0]; got != "seed_random" {
		t.Errorf("a caller's change came back as %q", got)
	}
}

func TestEncodeRefusesWhatDoesNotReadBack(t *testing.T) {
	type lossy struct {
		Kept string `json:"kept"`
		Lost string `json:"-"`
	}
	if _, err := encode("user-data", lossy{Kept: "a", Lost: "b"}); err == nil {
		t.Error("a value that its YAML lacks went through")
	}
}

func render(t testing.TB, s Spec) Seed {
	t.Helper()
	seed, err := Render(s)
	if err != nil {
		t.Fatalf("Render refused a valid spec: %v", err)
	}
	return seed
}

// parse reads a document the way any YAML reader does, knowing nothing of the structs.
func parse(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := yaml.UnmarshalStrict(text, &doc); err != nil {
		t.Fatalf("not YAML: %v\n%s", err, text)
	}
	return doc
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
