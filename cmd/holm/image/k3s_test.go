package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/images"
)

func TestImageBuildTakesK3sAsItsReleaseListsIt(t *testing.T) {
	sum, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	list := filepath.Join(t.TempDir(), "sha256sum-amd64.txt")
	lines := sum + "  k3s\n" + other + " *k3s-airgap-images-amd64.tar.zst\nnonsense\n" + strings.Repeat("c", 64) + "  -\n"
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	program := images.Input{Path: "/x/k3s", SHA256: sum}
	bundle := images.Input{Path: "y/k3s-airgap-images-amd64.tar.zst", SHA256: other}
	for name, c := range map[string]struct {
		args []string
		want *images.K3s
		code int
	}{
		"nothing":                     {nil, nil, 0},
		"a hash":                      {[]string{"--k3s", "/x/k3s", "--k3s-sha256", sum}, &images.K3s{Binary: program}, 0},
		"a list":                      {[]string{"--k3s", "/x/k3s", "--k3s-sha256", list}, &images.K3s{Binary: program}, 0},
		"a list and a bundle":         {[]string{"--k3s", "/x/k3s", "--k3s-sha256", list, "--k3s-images", bundle.Path}, &images.K3s{Binary: program, Images: []images.Input{bundle}}, 0},
		"a bundle that is not listed": {[]string{"--k3s", "/x/k3s", "--k3s-sha256", list, "--k3s-images", "other.tar"}, nil, 2},
		"a bundle but only one hash":  {[]string{"--k3s", "/x/k3s", "--k3s-sha256", sum, "--k3s-images", bundle.Path}, nil, 2},
		"no hash":                     {[]string{"--k3s", "/x/k3s"}, nil, 2},
		"a list that is not there":    {[]string{"--k3s", "/x/k3s", "--k3s-sha256", "/nonexistent"}, nil, 2},
		"a hash for nothing":          {[]string{"--k3s-sha256", sum}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			got := w.Run(t, append([]string{"image", "build"}, c.args...)...)
			if got.Code != c.code {
				t.Fatalf("exit %d, want %d\n%s", got.Code, c.code, got.Err)
			}
			if diff := cmp.Diff(c.want, w.Built.K3s); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
