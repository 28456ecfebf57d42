package images

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/google/go-cmp/cmp"
)

func TestALockDecidesWhatAHostIs(t *testing.T) {
	original, err := hostInputs(exampleLock())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := hostInputs(exampleLock()); err != nil || again != original || !sumForm.MatchString(original) {
		t.Fatalf("inputs are %q, then %q: %v", original, again, err)
	}
	for name, change := range map[string]func(*Lock){
		"a package's version": func(l *Lock) { l.Packages["bash"] = Pin{"9", sumOf("bash")} },
		"the epoch":           func(l *Lock) { l.Epoch++ },
	} {
		t.Run(name, func(t *testing.T) {
			l := exampleLock()
			change(&l)
			if got, err := hostInputs(l); err != nil || got == original {
				t.Errorf("the inputs are the same: an image that is there would be taken for this one (%v)", err)
			}
		})
	}
	if instance, err := examplePayload().inputs(exampleLock()); err != nil || instance == original {
		t.Errorf("a host and an instance of one lock have the same inputs: %v", err)
	}
}

func TestAHostBootsByBusyboxAndAScript(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "usr/bin/busybox"), "busybox")
	if err := os.MkdirAll(filepath.Join(root, "usr/lib/modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(modulesDir(t), filepath.Join(root, "usr/lib/modules/6.12.1")); err != nil {
		t.Fatal(err)
	}
	var initrd bytes.Buffer
	if err := writeHostInitrd(&initrd, root, "6.12.1"); err != nil {
		t.Fatal(err)
	}
	var programs []string
	for archive := cpio.NewReader(&initrd); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode.IsRegular() {
			programs = append(programs, h.Name)
		}
	}
	want := []string{"busybox", "init", "modules/00-virtio.ko", "modules/01-virtio_ring.ko", "modules/02-virtio_blk.ko"}
	if diff := cmp.Diff(want, programs); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}

	script, err := hostFiles.ReadFile(hostInit)
	if err != nil {
		t.Fatal(err)
	}
	need(t, "sh")
	check := exec.CommandContext(t.Context(), "sh", "-n")
	check.Stdin = bytes.NewReader(script)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("the script is none of sh's: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(script)) {
		if strings.Contains(line, "mount") && !strings.Contains(line, "/busybox") {
			t.Errorf("there is no other program than busybox: %s", line)
		}
	}
}

func TestAHostsRootHasItsUnitsAndNobodysKey(t *testing.T) {
	dir := rootTree(t)
	for _, profile := range []string{"usr.sbin.libvirtd", "firefox", "abstractions/base", "local/README"} {
		put(t, filepath.Join(dir, "etc/apparmor.d", profile), profile)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if err := errors.Join(prune(root), layHost(root), pruneConfined(root)); err != nil {
		t.Fatal(err)
	}
	got := tree(t, dir)
	for name, want := range map[string]string{
		"etc/systemd/system/e2scrub_all.timer":                                "-> /dev/null",
		"etc/systemd/system/sysinit.target.wants/apparmor.service":            "-> /usr/lib/systemd/system/apparmor.service",
		"etc/apparmor.d/usr.sbin.libvirtd":                                    "-rw-r--r-- usr.sbin.libvirtd",
		"etc/apparmor.d/abstractions/base":                                    "-rw-r--r-- abstractions/base",
		"etc/systemd/system/systemd-networkd-wait-online.service":             "-> /dev/null",
		"etc/systemd/system/multi-user.target.wants/systemd-networkd.service": "-> /usr/lib/systemd/system/systemd-networkd.service",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for name, text := range got {
		if strings.Contains(name, "ssh_host_") || strings.Contains(name, "authorized_keys") || strings.Contains(name, "firefox") {
			t.Errorf("%s is there: %s", name, text)
		}
	}
}
