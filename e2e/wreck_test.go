//go:build e2e

package e2e

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What can only be broken before a guest boots, broken all at once by somebody with root on the host: the machine that
// libvirt knows, and the disk below it. Plain is the profile, for it boots fastest.
func TestSabotageOfABootIsCaught(t *testing.T) {
	beside(t, &plains)
	const name = plain
	needPlain(t)
	tidy(t, name) // nobody needs it after this
	before := show(t, name)
	asRoot(t, name, `sed -i 's/"lock":true/"lock":false/' /etc/holm/modules.json && grep -q '"lock":false' /etc/holm/modules.json`)
	holm("stop", name).must(t)
	redefine(t, before.Domain, wrecked(t, before))
	lendKey(t, before)
	virsh(t, "start", before.Domain)

	o := holm("wait", name).run(t)
	if o.code != 8 || !strings.Contains(o.stderr, "check ") {
		t.Errorf("wait: exit %d, want 8\n%s", o.code, o.stderr)
	}
	if v := show(t, name); v.Status != "failed" || v.Passed >= v.Total || v.Total == 0 {
		t.Errorf("it is %s with %d/%d checks", v.Status, v.Passed, v.Total)
	}
	var sabotages []sabotage
	for check, what := range map[string]string{
		"modules-locked":  "modules that are not locked",
		"kernel-lockdown": "a kernel that is not locked down",
		"root-device":     "a root disk that can be written",
		"domain-as-asked": "a machine that is another",
		"qemu-user":       "QEMU as root",
		"kernel-of-image": "a kernel of somebody else's",
	} {
		sabotages = append(sabotages, sabotage{name: what, checks: check})
	}
	sabotages = append(sabotages, sabotage{
		name: "the boot id of a neighbour", checks: "boot-id",
		breaks: "echo " + neighbour(t) + " > /run/boot_id; mount --bind /run/boot_id /proc/sys/kernel/random/boot_id", mends: "umount /proc/sys/kernel/random/boot_id",
	})
	caught(t, name, sabotages)
}

// neighbour is the boot id of web.
func neighbour(t *testing.T) string {
	t.Helper()
	needWeb(t)
	return show(t, web).BootID
}

// wrecked is the machine of an instance with a writable copy of its image's files, no lockdown, and QEMU as root. The
// kernel is a copy, too: libvirt gives no file to root that another guest's QEMU has.
func wrecked(t *testing.T, v view) string {
	t.Helper()
	image := filepath.Join(stateDir, "images", "sha256", strings.TrimPrefix(v.Image, "sha256:"))
	copied := filepath.Join(stateDir, "wreck")
	if out, err := exec.CommandContext(t.Context(), "cp", "-r", "--reflink=auto", "--no-preserve=mode,ownership", image, copied).CombinedOutput(); err != nil {
		t.Fatalf("copy the image: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = os.RemoveAll(copied) })
	xml := virsh(t, "dumpxml", "--inactive", v.Domain)
	for _, edit := range [][2]string{
		{" lockdown=integrity", ""},
		{image, copied},
		{"<readonly/>", ""},
		{"model='dac' relabel='no'>", "model='dac' relabel='yes'>"},
		{fmt.Sprintf("<label>+%d:+%d</label>", v.UID, v.UID), "<label>+0:+0</label>"},
	} {
		if !strings.Contains(xml, edit[0]) {
			t.Fatalf("the machine has no %q:\n%s", edit[0], xml)
		}
		xml = strings.ReplaceAll(xml, edit[0], edit[1])
	}
	return xml
}

// lendKey gives libvirt the key of an instance's volume, as holm does for a start.
func lendKey(t *testing.T, v view) {
	t.Helper()
	dir := t.TempDir()
	secret, value := filepath.Join(dir, "secret.xml"), filepath.Join(dir, "value")
	uuid := strings.TrimSpace(virsh(t, "domuuid", v.Domain))
	for file, content := range map[string]string{
		secret: "<secret ephemeral='yes' private='yes'><uuid>" + uuid + "</uuid><description>lent by a test</description></secret>",
		value:  hex.EncodeToString(volumeKey(t, v.Name)),
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	virsh(t, "secret-define", secret)
	t.Cleanup(func() {
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "virsh", "-q", "-c", "qemu:///system", "secret-undefine", uuid).Run()
	})
	virsh(t, "secret-set-value", uuid, "--plain", "--file", value)
}

func redefine(t *testing.T, domain, xml string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "domain.xml")
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	virsh(t, "define", file)
	t.Cleanup(func() {
		// What was defined by hand is holm's again, whatever became of the test: rm goes by the UUID.
		_ = exec.CommandContext(context.WithoutCancel(t.Context()), "virsh", "-q", "-c", "qemu:///system", "destroy", domain).Run()
	})
}
