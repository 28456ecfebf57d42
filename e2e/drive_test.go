//go:build e2e

package e2e

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Where libvirt writes down what it tells QEMU.
const (
	libvirtLogs = "/var/log/libvirt"
	libvirtRuns = "/var/lib/libvirt"
)

// loot is what somebody has who has had the drive of a host, at any moment of the test.
type loot struct {
	sealed [][2]string     // data and iv, in base64, as they are on QEMU's command line
	keys   map[string]bool // with which that is decrypted
	words  map[string]bool // what looks like a passphrase as it is
}

func newLoot() loot { return loot{keys: map[string]bool{}, words: map[string]bool{}} }

var (
	sealedForm = regexp.MustCompile(`"data":"([A-Za-z0-9+/=]+)","keyid":"[^"]+","iv":"([A-Za-z0-9+/=]+)"`)
	wordForm   = regexp.MustCompile(`[0-9a-f]{64,}`)
	packedForm = regexp.MustCompile(`[A-Za-z0-9+/]{86}==`)
)

// maxSaved bounds what is read of a guest that was saved, which has its memory in it.
const maxSaved = 512 << 20

// lair is where anything lies that libvirt, QEMU, the kernel or holm has written: records, logs, secrets, saved guests, cores.
func lair() []string {
	cores, _ := filepath.Glob("/core*") // QEMU works in /
	return append(cores, libvirtLogs, libvirtRuns, stateDir, "/etc/libvirt", "/run/libvirt", "/var/cache/libvirt", "/var/crash", "/var/lib/systemd/coredump")
}

// take takes what lies there now.
func (l *loot) take(t *testing.T) {
	t.Helper()
	for _, root := range lair() {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if path == filepath.Join(stateDir, "images") {
				return fs.SkipDir // everybody may read them
			}
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // it has gone
			}
			info, err := d.Info()
			if err != nil {
				return nil //nolint:nilerr // the same
			}
			if saved := strings.HasPrefix(path, libvirtRuns); info.Size() > maxSearched && (!saved || info.Size() > maxSaved) {
				if saved {
					t.Errorf("%s has %d bytes, and is not searched", path, info.Size())
				}
				return nil // a volume is tried
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return nil //nolint:nilerr // the same
			}
			l.read(filepath.Base(path), content)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// read takes what a file has.
func (l *loot) read(name string, content []byte) {
	if name == "master-key.aes" && len(content) == masterKeyBytes { // one that was cut short in writing opens nothing
		l.keys[string(content)] = true
	}
	for _, m := range sealedForm.FindAllSubmatch(content, -1) {
		if one := [2]string{string(m[1]), string(m[2])}; !slices.Contains(l.sealed, one) {
			l.sealed = append(l.sealed, one)
		}
	}
	for _, word := range wordForm.FindAll(content, -1) {
		if len(word) == passphraseChars {
			l.words[string(word)] = true
		}
	}
	for _, packed := range packedForm.FindAll(content, -1) {
		word := make([]byte, passphraseChars+2)
		if n, err := base64.StdEncoding.Decode(word, packed); err == nil && passphraseForm.Match(word[:n]) {
			l.words[string(word[:n])] = true
		}
	}
}

// all are the passphrases that somebody with the drive could try.
func (l *loot) all(t *testing.T) []string {
	t.Helper()
	return append(l.passphrases(t), slices.Sorted(maps.Keys(l.words))...)
}

const passphraseChars, masterKeyBytes = 64, 32

var passphraseForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// passphrases decrypts whatever decrypts whatever else.
func (l *loot) passphrases(t *testing.T) (all []string) {
	t.Helper()
	for key := range l.keys {
		block, err := aes.NewCipher([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range l.sealed {
			data, err := base64.StdEncoding.DecodeString(s[0])
			if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
				t.Fatalf("%q: %v", s[0], err)
			}
			iv, err := base64.StdEncoding.DecodeString(s[1])
			if err != nil || len(iv) != aes.BlockSize {
				t.Fatalf("%q: %v", s[1], err)
			}
			cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
			text := string(data[:max(0, len(data)-int(data[len(data)-1]))])
			if passphraseForm.MatchString(text) && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// opened returns those of the passphrases that open a volume, whether or not a guest has it open.
func opened(t *testing.T, volume string, passphrases []string) (found []string) {
	t.Helper()
	for _, p := range passphrases {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "qemu-io", "-U", "-r", "--object", "secret,id=s,format=raw,file="+file, "-c", "read 0 4096",
			"--image-opts", "driver=qcow2,encrypt.key-secret=s,file.filename="+volume).CombinedOutput()
		if err == nil {
			found = append(found, p)
		} else if !bytes.Contains(out, []byte("Invalid password")) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return found
}

// TestWhatLiesOnTheDriveOpensNoVolume takes all that the drive of a host ever had, decrypts with it what it can, and tries that on the
// volume, while its guest runs, when it is stopped, removed, and after a death of holm at each moment of a start.
func TestWhatLiesOnTheDriveOpensNoVolume(t *testing.T) {
	const name = prefix + "drive"
	tidy(t, name)
	holm("create", name, "--flavor", "tiny", "--profile", "plain").must(t)
	v := show(t, name)
	volume := filepath.Join(stateDir, "instances", v.ID, "state.qcow2")
	domain := "holm.default." + name
	l := newLoot()
	nothing := func(when string) {
		t.Helper()
		l.take(t)
		if found := opens(t, volume, l.all(t)); len(found) > 0 {
			t.Errorf("%s: of %d passphrases from the drive %d open the volume", when, len(l.all(t)), len(found))
		}
	}
	nothing("it runs")
	if len(l.passphrases(t)) == 0 {
		t.Fatalf("no passphrase was decrypted, from %d commands and %d keys: this shows nothing", len(l.sealed), len(l.keys))
	}
	virsh(t, "suspend", domain)
	nothing("it is paused")
	virsh(t, "resume", domain)
	if own := string(volumeKeyText(t, name)); len(opened(t, volume, []string{own})) != 1 {
		t.Fatal("not even its own key opens the volume as this test tries it")
	}
	holm("stop", "--force", name).must(t)
	nothing("it is stopped")

	points := map[string]bool{"start.opened": true}
	if !testing.Short() { // each is a start that is killed, twice
		maps.Copy(points, map[string]bool{"start.lent": false, "start.unlocked": false, "start.revoked": false})
	}
	for point, want := range points {
		for how, next := range map[string][]string{"a stop": {"stop", "--force", name}, "the timer": {"pool", "check", "--news"}} {
			die(t, point, "start", name)
			l.take(t)
			// That there is a window is the control: what is tried would be seen to open the volume.
			if found := opened(t, volume, l.passphrases(t)); (len(found) > 0) != want {
				t.Errorf("killed at %s: %d passphrases open the volume", point, len(found))
			}
			holm(next...).run(t)
			nothing("killed at " + point + ", and then " + how)
			holm("stop", "--force", name).must(t)
		}
	}
	die(t, "start.opened", "start", name)
	holm("start", name).must(t)
	nothing("killed, and started again")
	if n := len(l.passphrases(t)); n < 3 {
		t.Errorf("in all these starts only %d passphrases were decrypted", n)
	}
	// What the host had saved of the guest when it went down is not gone on with.
	boot := show(t, name).BootID
	virsh(t, "managedsave", domain)
	holm("start", name).must(t)
	if again := show(t, name).BootID; again == boot || again == "" {
		t.Errorf("it goes on from what was saved: boot %q, then %q", boot, again)
	}
	holm("rm", "--yes", name).must(t)
	for _, root := range []string{libvirtLogs, libvirtRuns, "/etc/libvirt", "/run/libvirt"} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.Contains(d.Name(), domain) {
				t.Errorf("it was removed, and there is %s", path)
			}
			return nil
		})
	}
}
