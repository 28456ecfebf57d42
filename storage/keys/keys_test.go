package keys_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"holm/internal/fault"
	"holm/storage/keys"
)

func TestASealedKeyOpensForItsOwnerAlone(t *testing.T) {
	by, k := keys.New(), keys.New()
	sealed, err := by.Seal(k, keys.Volume, "0123456789ab")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := by.Open(sealed, keys.Volume, "0123456789ab"); err != nil || got != k {
		t.Fatalf("open: %v, %v", got, err)
	}
	flipped := sealed
	flipped.Box = append([]byte{}, sealed.Box...)
	flipped.Box[20] ^= 1
	short := sealed
	short.Box = sealed.Box[:len(sealed.Box)-1]
	renamed := sealed
	renamed.ID = keys.New().ID()
	for name, one := range map[string]struct {
		by      keys.Key
		sealed  keys.Sealed
		purpose keys.Purpose
		owner   string
		says    string
	}{
		"of another instance":   {by, sealed, keys.Volume, "ba9876543210", "sealed for somebody else"},
		"for another purpose":   {by, sealed, keys.Tenant, "0123456789ab", "sealed for somebody else"},
		"by another key":        {keys.New(), sealed, keys.Volume, "0123456789ab", "the one at hand is"},
		"a flipped bit":         {by, flipped, keys.Volume, "0123456789ab", "is damaged"},
		"of the wrong size":     {by, short, keys.Volume, "0123456789ab", "59 bytes instead of 60"},
		"under another name":    {by, renamed, keys.Volume, "0123456789ab", "said to be"},
		"one that is destroyed": {by, sealed.Destroyed(), keys.Volume, "0123456789ab", "was destroyed"},
	} {
		_, err := one.by.Open(one.sealed, one.purpose, one.owner)
		if err == nil || !strings.Contains(err.Error(), one.says) || fault.RemedyOf(err) == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q and a remedy", name, err, one.says)
		}
	}
}

func TestAKeyIsNeverPrinted(t *testing.T) {
	k := keys.New()
	text := fmt.Sprintf("%v %s %+v %#v %x %q %d", k, k, k, k, k, k, struct{ K keys.Key }{k})
	if needle := string(k.Passphrase()); strings.Contains(text, needle) || strings.Contains(text, hex.EncodeToString([]byte(needle))) {
		t.Errorf("it prints as %s", text)
	}
	if content, err := json.Marshal(k); err == nil {
		t.Errorf("it is written as %s", content)
	}
}

func TestTheHostKeyIsMadeOnce(t *testing.T) {
	k := keys.Keeper{Path: filepath.Join(t.TempDir(), "host.key")}
	if _, err := k.Key("", false); err == nil || !strings.Contains(err.Error(), "is gone") || !strings.Contains(fault.RemedyOf(err), "What runs goes on") {
		t.Errorf("a lost one: %v", err)
	}
	var all sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			key, err := k.Key("", true)
			if err != nil {
				t.Error(err)
			}
			all.Store(key.ID(), true)
		})
	}
	wg.Wait()
	n := 0
	all.Range(func(any, any) bool { n++; return true })
	if info, err := os.Stat(k.Path); n != 1 || err != nil || info.Mode().Perm() != 0o600 || info.Size() != keys.Size {
		t.Errorf("%d keys, %v, %v", n, info, err)
	}
}

func TestAHostKeyThatIsNoneIsRefused(t *testing.T) {
	for name, one := range map[string]struct {
		make func(path string) error
		says string
	}{
		"too short":          {func(p string) error { return os.WriteFile(p, make([]byte, 31), 0o600) }, "has 31 bytes, and a key has 32"},
		"too long":           {func(p string) error { return os.WriteFile(p, make([]byte, 33), 0o600) }, "has 33 bytes"},
		"readable by others": {func(p string) error { return os.WriteFile(p, make([]byte, 32), 0o644) }, "can be read by others (mode 0644)"},
		"a folder":           {func(p string) error { return os.Mkdir(p, 0o700) }, "is not a file"},
		"a link":             {func(p string) error { return os.Symlink("/dev/zero", p) }, "too many levels"},
	} {
		path := filepath.Join(t.TempDir(), "host.key")
		if err := one.make(path); err != nil {
			t.Fatal(err)
		}
		if _, err := (keys.Keeper{Path: path}).Key("", true); err == nil || !strings.Contains(err.Error(), one.says) {
			t.Errorf("%s: %v, want %q", name, err, one.says)
		}
	}
}

func TestACredentialOfSystemdIsTakenBeforeTheFile(t *testing.T) {
	dir := t.TempDir()
	secret := []byte(strings.Repeat("k", keys.Size))
	if err := os.WriteFile(filepath.Join(dir, keys.Credential), secret, 0o440); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "host.key")
	got, err := keys.Keeper{Path: path, Credentials: dir}.Key("", true)
	want, _ := keys.Of(secret, "")
	if _, statErr := os.Stat(path); err != nil || got != want || statErr == nil {
		t.Errorf("%v, %v, %v", got, err, statErr)
	}
}
