//go:build nested

package nested

import (
	"context"
	"strings"
	"testing"
)

// thinPool makes a thin pool of LVM in a file, and returns its name.
func thinPool(t *testing.T, group string) string {
	t.Helper()
	file := "/var/tmp/" + group + ".img"
	t.Cleanup(func() {
		_ = host.do(context.Background(), "vgremove -qq -f "+group+"; losetup -j "+file+" -O NAME -n | xargs -r losetup -d; rm -f "+file)
	})
	sh(t, "truncate -s 3G "+file+" && vgcreate -qq "+group+" $(losetup -f --show "+file+") && lvcreate -qq --type thin-pool -L 2G -n thin "+group+
		" && lvchange -qq --errorwhenfull y "+group+"/thin")
	return group + "/thin"
}

// Only here is there a device-mapper: an instance whose volume is encrypted in a logical volume, with AppArmor's leave.
func TestAnInstanceLivesInAThinPool(t *testing.T) {
	thorough(t)
	const name, secret = "thin", "what-the-guest-wrote"
	path := thinPool(t, "tenants")
	sh(t, "holm pool add lvm "+path+" --backend lvm-thin")
	t.Cleanup(func() {
		tidy(t, name)
		_ = host.do(context.Background(), "holm pool rm --yes lvm")
	})
	sh(t, "holm create "+name+" --flavor tiny --disk 1G --profile plain --pool lvm --timeout 20m")
	v := show(t, name)
	if v.Passed != v.Total || v.Total < 25 {
		t.Errorf("it has %d/%d checks", v.Passed, v.Total)
	}
	device := "/dev/tenants/holm-" + v.ID
	sh(t, "for i in $(seq 1000); do echo "+secret+"; done | holm exec "+name+" -- sh -c 'cat >mark; sync'")
	if o := host.do(t.Context(), "grep -c "+secret+" "+device); o.stdout != "0" {
		t.Errorf("what the guest wrote can be read on the host: %+v", o)
	}
	if begins := sh(t, "head -c 4 "+device); begins != "LUKS" {
		t.Errorf("the volume begins with %q", begins)
	}
	sh(t, "holm resize "+name+" --disk 2G")
	if size := sh(t, "holm exec "+name+" -- sh -c 'cat /sys/class/block/vdb/size; grep -c "+secret+" mark'"); size != "4194304\n1000" {
		t.Errorf("the guest has a disk of so many sectors, and lines: %q", size)
	}
	sh(t, "holm rm --yes "+name)
	if left := sh(t, "lvs --noheadings -o lv_name tenants"); strings.TrimSpace(left) != "thin" {
		t.Errorf("left in the group is %q", left)
	}
}
