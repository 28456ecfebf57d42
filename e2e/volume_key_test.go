//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holm/storage/keys"
	"holm/storage/records"
)

// maxSearched bounds what is read of one file: keys are short, and logs are not.
const maxSearched = 64 << 20

// forms are what a key may look like to who finds it.
func forms(secret []byte) [][]byte {
	text := hex.EncodeToString(secret)
	return [][]byte{
		secret, []byte(text), []byte(strings.ToUpper(text)), []byte(base64.StdEncoding.EncodeToString(secret)),
		[]byte(base64.StdEncoding.EncodeToString([]byte(text))),
	}
}

// search returns the files below roots that contain any of the needles. What has gone meanwhile has nothing in it.
func search(t *testing.T, needles [][]byte, roots ...string) (found []string) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // it has gone
			}
			f, err := os.Open(path)
			if err != nil {
				return nil // the same
			}
			defer func() { _ = f.Close() }()
			content, _ := io.ReadAll(io.LimitReader(f, maxSearched))
			for _, needle := range needles {
				if bytes.Contains(content, needle) {
					found = append(found, path)
					break
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return found
}

// processes are the files in which a process shows what it was told: its arguments, and its environment.
func processes(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, name := range []string{"cmdline", "environ"} {
		found, err := filepath.Glob("/proc/[0-9]*/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// volumeKey opens the key of the volume of one of the default tenant's instances, as holm does.
func volumeKey(t *testing.T, name string) []byte {
	t.Helper()
	ctx := t.Context()
	store := records.Open(filepath.Join(stateDir, "holm.db"))
	inst, err := store.Instance(ctx, "default", name)
	if err != nil {
		t.Fatal(err)
	}
	if inst.Key == nil {
		t.Fatal("its volume is not encrypted")
	}
	host, err := keys.Keeper{Path: filepath.Join(stateDir, "keys", "host.key")}.Key("", false)
	if err != nil {
		t.Fatal(err)
	}
	all, err := store.TenantKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		if k.Tenant != "default" {
			continue
		}
		tenant, err := host.Open(k.Key, keys.Tenant, k.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		key, err := tenant.Open(*inst.Key, keys.Volume, inst.ID)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := hex.DecodeString(string(key.Passphrase()))
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	t.Fatal("its tenant has no key")
	return nil
}

// volumeKeyText is that key as QEMU is given it.
func volumeKeyText(t *testing.T, name string) []byte {
	t.Helper()
	return hex.AppendEncode(nil, volumeKey(t, name))
}

// testKeyLiesNowhere looks for the key of web's volume, when a restart with everybody listening has used it, wherever somebody
// else could: what processes were told, what is written down, what libvirt and holm say. That it would be found is shown with
// another secret, planted in each of these places.
func testKeyLiesNowhere(t *testing.T, restarted outcome) {
	needles := forms(volumeKey(t, web))
	places := append([]string{stateDir, "/var/log/libvirt", "/etc/libvirt", "/run/libvirt", "/var/lib/libvirt", "/run/holm"}, processes(t)...)
	if found := search(t, needles, places...); len(found) > 0 {
		t.Errorf("the key lies in %q", found)
	}
	domain := "holm.default." + web
	for what, said := range map[string]string{
		"holm -v":  restarted.stdout + restarted.stderr,
		"show":     holm("show", web, "-o", "json").must(t),
		"evidence": holm("evidence", web).must(t),
		"the log":  holm("audit", "export").must(t),
		"libvirt":  virsh(t, "dumpxml", "--security-info", domain) + virsh(t, "dumpxml", "--inactive", "--security-info", domain),
	} {
		for _, needle := range needles {
			if strings.Contains(said, string(needle)) {
				t.Errorf("%s says it", what)
			}
		}
	}
	if secrets := virsh(t, "secret-list"); strings.Contains(secrets, uuidOf(t)) {
		t.Errorf("libvirt still has it:\n%s", secrets)
	}

	found(t)
}

// found plants a secret in an argument, a variable and a file, and has it found.
func found(t *testing.T) {
	t.Helper()
	secret := []byte("a secret that was planted, 32 by")
	text := hex.EncodeToString(secret)
	ctx, cancel := context.WithCancel(t.Context())
	sleeper := exec.CommandContext(ctx, "sleep", "60")
	sleeper.Env = []string{"KEY=" + text}
	shouter := exec.CommandContext(ctx, "sh", "-c", "sleep 60; : "+text)
	for _, c := range []*exec.Cmd{sleeper, shouter} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		cancel()
		_ = errors.Join(sleeper.Wait(), shouter.Wait())
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte(base64.StdEncoding.EncodeToString(secret)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := search(t, forms(secret), append(processes(t), dir)...); len(got) < 3 {
		t.Errorf("of a secret in an argument, a variable and a file only %q were found", got)
	}
}

// uuidOf is that of web's domain, by which libvirt would have its secret.
func uuidOf(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(virsh(t, "domuuid", "holm.default."+web))
}
