//go:build real

package libvirt

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"holm/provisioner/bounds"
	"holm/provisioner/emulator"
	"holm/provisioner/machine"
	"holm/provisioner/uids"
)

func TestARealQEMUOfATenantsIsFoundAndHeldToItsLimits(t *testing.T) {
	const tenants = 2000065001
	if os.Geteuid() != 0 {
		t.Skip("left out: only root has a QEMU run as another user")
	}
	h := qemuHost(t)
	s := helperSpec(t, h)
	s.UID = tenants
	xml, err := machine.Domain(s)
	users := uids.System{}
	if err := errors.Join(err, users.Let(tenants, false), users.Own(s.StateDisk.Path, tenants), users.Own(s.Seed, tenants)); err != nil {
		t.Fatal(err)
	}
	defined(t, h, xml)
	if err := h.Start(t.Context(), helperUUID); err != nil {
		t.Fatal(err)
	}
	live, err := h.LiveXML(t.Context(), helperUUID)
	if err != nil {
		t.Fatal(err)
	}
	if err := bounds.Here().Hold(helperName, helperUUID, live, tenants+1); err == nil {
		t.Error("another tenant's limits were set")
	}
	if err := bounds.Here().Hold(helperName, helperUUID, live, tenants); err != nil {
		t.Fatal(err)
	}
	p, err := emulator.Here().Find(helperName, helperUUID, live)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	limits, err := p.Read("limits")
	if err != nil {
		t.Fatal(err)
	}
	for what, most := range map[string]int{"Max open files": bounds.Files, "Max processes": bounds.Threads} {
		if !regexp.MustCompile(fmt.Sprintf(`%s +\d+ +%d `, what, most)).Match(limits) {
			t.Errorf("%s are not %d:\n%s", what, most, limits)
		}
	}
}
