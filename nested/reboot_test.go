//go:build nested

package nested

import (
	"os/exec"
	"testing"
)

// As after a power cut: nothing is shut down, neither the host nor the instance, and both are in the middle of writes.
func TestInstancesComeBackWithTheirHost(t *testing.T) {
	thorough(t)
	needWeb(t)
	const id = "cat /proc/sys/kernel/random/boot_id"
	before, boot := show(t, web), sh(t, id)
	ofBox, ofWeb := writesInBox(t), writesInWeb(t)
	ofBox.more(t, 100)
	ofWeb.more(t, 30)
	if out, err := exec.CommandContext(t.Context(), "virsh", "-q", "-c", "qemu:///system", "reset", boxName).CombinedOutput(); err != nil {
		t.Fatalf("reset the box: %v\n%s", err, out)
	}
	host.hangUp(t.Context())
	await(t, "the box is up again", func() bool {
		o := host.do(t.Context(), id)
		return o.code == 0 && o.stdout != boot
	})
	<-ofBox.ended
	<-ofWeb.ended
	const state = "systemctl show -P ActiveState holm-resume.service"
	until(t, "what ran is started again", state+" | grep -E 'active$|failed' | grep -v inactive")
	if is := sh(t, state); is != "active" {
		t.Fatalf("holm-resume.service is %s:\n%s", is, sh(t, "journalctl -q -b -u holm-resume.service --no-pager"))
	}
	after := show(t, web)
	if after.Status != "ready" || after.Passed != after.Total || after.BootID == before.BootID {
		t.Errorf("it is %s with %d/%d checks, boot %s after %s", after.Status, after.Passed, after.Total, after.BootID, before.BootID)
	}
	type identity struct{ id, domain, address, hostKey, machine string }
	was := identity{before.ID, before.Domain, before.Address, before.HostKey, before.MachineID}
	if is := (identity{after.ID, after.Domain, after.Address, after.HostKey, after.MachineID}); is != was || was.hostKey == "" || was.machine == "" {
		t.Errorf("it is\n%+v, and it was\n%+v", is, was)
	}
	if status, why := health(t, 0); status != "healthy" {
		t.Errorf("the pool is %s: %s", status, why)
	}
	checked(t, ofBox.safe.Load(), ofWeb.safe.Load())
}
