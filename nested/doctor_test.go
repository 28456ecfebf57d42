//go:build nested

package nested

import (
	"strings"
	"testing"
)

// verdict is what doctor says of one thing.
func verdict(t *testing.T, id string) (status, found string) {
	t.Helper()
	var report struct {
		Results []struct{ ID, Status, Found string }
	}
	decode(t, host.do(t.Context(), "holm doctor -o json").stdout, &report)
	for _, r := range report.Results {
		if r.ID == id {
			return r.Status, r.Found
		}
	}
	t.Fatalf("doctor does not judge %s", id)
	return "", ""
}

func TestDoctorSeesTheSharedAbstractionWidened(t *testing.T) {
	if status, found := verdict(t, "apparmor"); status != "ok" {
		t.Fatalf("before anything was done: %s: %s", status, found)
	}
	const rule = "/srv/holm/** rwk,"
	for name, file := range map[string]string{
		"by its own file":         "/etc/apparmor.d/abstractions/libvirt-qemu",
		"by the local one":        "/etc/apparmor.d/local/abstractions/libvirt-qemu",
		"by a file in its folder": "/etc/apparmor.d/abstractions/libvirt-qemu.d/more",
	} {
		t.Run(name, func(t *testing.T) {
			sh(t, "mkdir -p $(dirname "+file+") && { cp -p "+file+" /root/before 2>/dev/null || rm -f /root/before; } && echo '"+rule+"' >>"+file)
			t.Cleanup(func() { restore(t, file) })
			if status, found := verdict(t, "apparmor"); status == "ok" || !strings.Contains(found, file) {
				t.Errorf("%s: %s", status, found)
			}
		})
	}
	if status, found := verdict(t, "apparmor"); status != "ok" {
		t.Errorf("after all was put back: %s: %s", status, found)
	}
}
