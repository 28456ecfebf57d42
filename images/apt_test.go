package images

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

func TestAptsPlanIsReadPackageByPackage(t *testing.T) {
	const simulation = `Reading package lists...
The following NEW packages will be installed:
  bash libc6
Inst gcc-14-base (14.2.0-19 Debian:13.1/stable [amd64])
Inst libc6 (2.41-12 Debian:13.1/stable, Debian-Security:13/stable-security [amd64]) []
Inst docker.io (26.1.5+dfsg1-9+b9 Debian:13.1/stable [amd64])
Inst dhcpcd-base (1:10.1.0-11+deb13u2 Debian:13.1/stable [amd64])
Conf libc6 (2.41-12 Debian:13.1/stable [amd64])
Remv evil [1]
 Inst indented (1 x)
`
	want := map[string]string{
		"gcc-14-base": "14.2.0-19", "libc6": "2.41-12", "docker.io": "26.1.5+dfsg1-9+b9", "dhcpcd-base": "1:10.1.0-11+deb13u2",
	}
	if diff := cmp.Diff(want, planned(simulation)); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
}

func TestEveryFolderOfAptsIsHolmsOwn(t *testing.T) {
	for _, option := range aptOptions("/scratch") {
		if key, value, ok := strings.Cut(option, "="); ok && strings.HasPrefix(key, "Dir::") && value != "-" && !strings.HasPrefix(value, "/scratch/") {
			t.Errorf("apt would use the host's %s", option)
		}
	}
}

func TestAMirrorThatIsNotThereIsNamed(t *testing.T) {
	need(t, "apt-get")
	empty := "file:" + t.TempDir()
	_, err := fetchIndex(t.Context(), filepath.Join(t.TempDir(), "apt"), Mirror{Main: empty, Security: empty}, "trixie")
	wantFault(t, err, fault.Failure, empty)
}
