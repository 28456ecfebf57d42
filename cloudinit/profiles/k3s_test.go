package profiles

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"holm/internal/fault"
)

var updateK3s = flag.Bool("update-k3s", false, "rewrite the golden files of k3s")

func k3sParams() Params {
	return Params{InstanceID: "0123456789ab", Hostname: "web", User: "ops", Address: netip.MustParseAddr("10.77.0.12")}
}

func TestK3sFilesMatchTheGoldenFiles(t *testing.T) {
	files, err := k3sFiles(k3sParams())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		golden := filepath.Join("testdata", "k3s", filepath.Base(f.Path)+".golden")
		if *updateK3s {
			if err := os.WriteFile(golden, f.Content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.Content)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", f.Path, diff)
		}
	}
}

func TestK3sFilesAreForRootAndSayWhatTheyAreFor(t *testing.T) {
	files, err := k3sFiles(k3sParams())
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 6 {
		t.Errorf("there are %d files", len(files))
	}
	for i, f := range files {
		if i > 0 && files[i-1].Path >= f.Path {
			t.Errorf("%s comes after %s", f.Path, files[i-1].Path)
		}
		if f.Mode != 0o600 {
			t.Errorf("%s has the mode %04o", f.Path, f.Mode)
		}
		if !strings.HasSuffix(f.Purpose, ".") {
			t.Errorf("%s has the purpose %q, which is no sentence", f.Path, f.Purpose)
		}
	}
}

func TestK3sNamesTheFilesThatItRenders(t *testing.T) {
	files, err := k3sFiles(k3sParams())
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	for _, f := range files {
		content[f.Path] = f.Content
	}
	var config k3sConfig
	if err := yaml.UnmarshalStrict(content[k3sConfigPath], &config); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"admission-control-config-file", "audit-policy-file"} {
		for _, arg := range config.APIServer {
			if path, ok := strings.CutPrefix(arg, flag+"="); ok && content[path] == nil {
				t.Errorf("%s names %s, which is not among the files", flag, path)
			}
		}
	}
}

func TestK3sNeedsANameAndAnAddress(t *testing.T) {
	for name, spoil := range map[string]func(*Params){
		"no hostname": func(p *Params) { p.Hostname = "" },
		"no address":  func(p *Params) { p.Address = netip.Addr{} },
	} {
		t.Run(name, func(t *testing.T) {
			p := k3sParams()
			spoil(&p)
			if files, err := k3sFiles(p); fault.KindOf(err) != fault.Usage || files != nil {
				t.Errorf("got %d files and %v", len(files), err)
			}
		})
	}
}

func TestAValueThatYAMLWouldChangeIsRefused(t *testing.T) {
	if _, err := encodeKube(k3sConfig{NodeName: "a\xffb"}); err == nil {
		t.Error("a byte that is no text came through")
	}
	// What YAML takes for a number or a truth stays text.
	for _, name := range []string{"0x10", "1e3", "yes", "012", "null", "~"} {
		if _, err := encodeKube(k3sConfig{NodeName: name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
