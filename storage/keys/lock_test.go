package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/storage/keys"
)

const phrase = "correct horse battery staple"

func keeper(t *testing.T) keys.Keeper {
	t.Helper()
	dir := t.TempDir()
	return keys.Keeper{Path: filepath.Join(dir, "host.key"), Memory: filepath.Join(dir, "run", "holm", "x.key")}
}

func mode(t *testing.T, k keys.Keeper, wantMode string, wantOpen bool) {
	t.Helper()
	if got, err := k.State(t.Context(), &book{}); err != nil || got.Mode != wantMode || got.Open != wantOpen {
		t.Errorf("it is %+v (%v), want %s, %v", got, err, wantMode, wantOpen)
	}
}

func TestALockedKeyIsForgottenByABootAndOpenedByItsPassphrase(t *testing.T) {
	k := keeper(t)
	before, err := k.Key("", true)
	if err != nil {
		t.Fatal(err)
	}
	mode(t, k, keys.Auto, true)
	if err := k.Lock(t.Context(), []byte(phrase), &book{}); err != nil {
		t.Fatal(err)
	}
	mode(t, k, keys.Manual, true)
	fresh, err := k.Key("", false)
	if err != nil || fresh.ID() == before.ID() {
		t.Errorf("until the next boot it is %v, %v: the one that lay in a file is not to be locked", fresh, err)
	}
	if _, err := os.Stat(k.Path); !os.IsNotExist(err) { //nolint:forbidigo // a test
		t.Errorf("the key without a passphrase is still there: %v", err)
	}
	if err := os.RemoveAll(filepath.Dir(k.Memory)); err != nil { // the host boots
		t.Fatal(err)
	}
	mode(t, k, keys.Manual, false)
	for _, create := range []bool{true, false} {
		if _, err := k.Key("", create); fault.KindOf(err) != fault.Unfit || !strings.Contains(fault.RemedyOf(err), "holm unlock") {
			t.Errorf("a locked key: %v, remedy %q", err, fault.RemedyOf(err))
		}
	}
	if err := k.Unlock(t.Context(), []byte(phrase+"x"), &book{}); fault.KindOf(err) != fault.Refused || err == nil {
		t.Errorf("another passphrase: %v", err)
	}
	if err := k.Unlock(t.Context(), []byte(phrase), &book{}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(k.Memory)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("unlocked it lies there: %v, %v", info, err)
	}
	if err := k.Release(t.Context(), []byte(phrase), &book{}); err != nil {
		t.Fatal(err)
	}
	mode(t, k, keys.Auto, true)
	if key, err := k.Key("", false); err != nil || key.ID() != fresh.ID() {
		t.Errorf("released it is %v, %v", key, err)
	}
}

func TestSystemdsKeyIsAtHandForOthersUntilTheNextBoot(t *testing.T) {
	others := keeper(t)
	unit := others
	unit.Credentials = t.TempDir()
	if err := os.WriteFile(filepath.Join(unit.Credentials, keys.Credential), []byte(strings.Repeat("k", keys.Size)), 0o400); err != nil {
		t.Fatal(err)
	}
	want, err := unit.Key("", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := others.Key("", false); err == nil {
		t.Error("somebody else has it before it was kept")
	}
	for range 2 {
		if err := unit.Keep(); err != nil {
			t.Fatal(err)
		}
	}
	mode(t, others, keys.Systemd, true)
	for _, create := range []bool{true, false} {
		if got, err := others.Key("", create); err != nil || got.ID() != want.ID() {
			t.Errorf("somebody else has %v, %v", got, err)
		}
	}
	if err := os.RemoveAll(filepath.Dir(others.Memory)); err != nil { // the host boots
		t.Fatal(err)
	}
	if _, err := others.Key("", false); err == nil {
		t.Error("a boot has not forgotten it")
	}
	unit.Credentials = t.TempDir()
	if err := unit.Keep(); err == nil {
		t.Error("there was no credential, and something was kept")
	}
}

func TestAKeyThatIsStillUnlockedIsNotTheNextHosts(t *testing.T) {
	k := keeper(t)
	if err := k.Lock(t.Context(), []byte(phrase), &book{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(k.Path + ".locked"); err != nil { // all of its state is removed, and made anew before the next boot
		t.Fatal(err)
	}
	if _, err := k.Key("", false); err == nil {
		t.Error("a key that was lost is had from memory, until the next boot")
	}
	fresh, err := k.Key("", true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(k.Memory)); err != nil { // the host boots
		t.Fatal(err)
	}
	if key, err := k.Key("", false); err != nil || key.ID() != fresh.ID() {
		t.Errorf("after a boot the key is %v, %v", key, err)
	}
}

func TestWhatCannotBeLockedOrUnlockedIsSaid(t *testing.T) {
	k := keeper(t)
	if err := k.Lock(t.Context(), []byte("short"), &book{}); fault.KindOf(err) != fault.Usage || err == nil {
		t.Errorf("a short passphrase: %v", err)
	}
	if err := k.Unlock(t.Context(), []byte(phrase), &book{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unlock what is not locked: %v", err)
	}
	if err := k.Lock(t.Context(), []byte(phrase), &book{}); err != nil {
		t.Fatal(err) // and makes the key
	}
	if err := k.Lock(t.Context(), []byte(phrase), &book{}); fault.KindOf(err) != fault.Exists {
		t.Errorf("lock it again: %v", err)
	}
	if err := os.WriteFile(k.Path+".locked", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Unlock(t.Context(), []byte(phrase), &book{}); fault.KindOf(err) != fault.Failure || fault.RemedyOf(err) == "" {
		t.Errorf("a damaged one: %v", err)
	}
	k.Credentials = t.TempDir()
	if err := os.WriteFile(filepath.Join(k.Credentials, keys.Credential), []byte(strings.Repeat("k", keys.Size)), 0o400); err != nil {
		t.Fatal(err)
	}
	mode(t, k, keys.Systemd, true)
	if err := k.Lock(t.Context(), []byte(phrase), &book{}); fault.KindOf(err) != fault.Refused {
		t.Errorf("lock systemd's: %v", err)
	}
}
