//go:build nested

package nested

import (
	"context"
	"strings"
	"testing"
)

// Only here is there a systemd: it opens the host's key for one unit, which has it at hand for every other holm.
func TestTheHostsKeyComesFromSystemd(t *testing.T) {
	needWeb(t)
	const (
		file, away = "/var/lib/holm/keys/host.key", "/root/host.key"
		sealed     = "/root/holm-host-key.cred"
		needsKey   = "holm tenant rotate-key default"
	)
	t.Cleanup(func() {
		if o := host.do(context.Background(), "mv "+away+" "+file+"; rm -rf "+sealed+" /run/holm"); o.code != 0 {
			t.Errorf("put the key back: %s", o.stderr)
		}
	})
	sh(t, "systemd-creds encrypt --with-key=host --name=holm-host-key "+file+" "+sealed+" && mv "+file+" "+away)
	if o := ends(t, 1, needsKey); !strings.Contains(o.stderr, "is gone") {
		t.Errorf("without its key the host says %q", o.stderr)
	}
	const unit = "systemd-run --quiet --wait --pipe -p LoadCredentialEncrypted=holm-host-key:" + sealed + " "
	if said := sh(t, unit+"/usr/local/bin/holm unlock -o name"); said != "credential" {
		t.Errorf("the key is had by %q", said)
	}
	sh(t, needsKey)
	if mode := sh(t, "stat -c %a /run/holm/*.given"); mode != "600" {
		t.Errorf("the key at hand has the mode %s", mode)
	}
}
