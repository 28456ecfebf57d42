package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"holm/internal/atomicfile"
	"holm/internal/fault"
)

// How a host's key is had after a boot.
const (
	Auto    = "auto"       // from its file
	Manual  = "manual"     // from its operator, by a passphrase
	Systemd = "credential" // from systemd
)

// The cost of deriving a key from a passphrase: the second choice of RFC 9106, for machines that have other things to do.
const (
	argonTime    = 3
	argonKiB     = 64 << 10
	argonThreads = 4
	saltSize     = 16
)

// MinPassphrase is the shortest passphrase that is taken, in bytes.
const MinPassphrase = 12

// lockedKey is the host's key as it lies in its file while a passphrase is needed for it.
type lockedKey struct {
	Salt []byte `json:"salt"`
	Key  Sealed `json:"key"`
}

const hostOwner = "host" // there is one

// private folders are the keys' own.
const private = 0o700

// locked is the file of the key that needs a passphrase.
func (k Keeper) locked() string { return k.Path + ".locked" }

// given is the file, beside Memory, of the key that systemd gave to one process and that others are to have. A boot forgets it
// and gives it again.
func (k Keeper) given() string { return k.Memory + ".given" }

// Mode says how the key is had after a boot, and open whether it can be had now.
func (k Keeper) Mode() (mode string, open bool, err error) {
	if k.Credentials != "" {
		if there, _ := exists(filepath.Join(k.Credentials, Credential)); there {
			return Systemd, true, nil
		}
	}
	locked, err := exists(k.locked())
	if err != nil {
		return "", false, err
	}
	file, err := exists(k.Path)
	if err != nil {
		return "", false, err
	}
	given, err := exists(k.given())
	if err != nil {
		return "", false, err
	}
	switch {
	case given && !file:
		return Systemd, true, nil
	case locked:
		unlocked, err := exists(k.Memory)
		return Manual, unlocked, err
	}
	return Auto, true, nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Keep has the key that systemd gave to this process at hand for everybody's until the next boot.
func (k Keeper) Keep() error {
	host, err := k.Key(false)
	if err != nil {
		return err
	}
	return remember(k.given(), host)
}

// Lock has the key need a passphrase from the next boot on. It makes the key when there is none. Whoever dies in between
// leaves one of the two files, or both.
func (k Keeper) Lock(passphrase []byte) error {
	if len(passphrase) < MinPassphrase {
		return fault.New(fault.Usage, "take a longer one", "a passphrase of %d bytes is too short: use at least %d", len(passphrase), MinPassphrase)
	}
	switch mode, _, err := k.Mode(); {
	case err != nil:
		return err
	case mode == Systemd:
		return fault.New(fault.Refused, "lock the credential instead: systemd-creds encrypt --with-key=tpm2", "the host's key comes from systemd")
	case mode == Manual:
		return fault.New(fault.Exists, "set it to auto first: holm unlock --mode auto", "the host's key needs a passphrase already")
	}
	if err := os.MkdirAll(filepath.Dir(k.Path), private); err != nil {
		return fmt.Errorf("lock the host's key: %w", err)
	}
	host, err := k.Key(true)
	if err != nil {
		return err
	}
	box := lockedKey{Salt: make([]byte, saltSize)}
	_, _ = rand.Read(box.Salt) // never fails
	if box.Key, err = derive(passphrase, box.Salt).Seal(host, Host, hostOwner); err != nil {
		return err
	}
	text, err := json.Marshal(box)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(k.locked(), 0o600, text); err != nil {
		return fmt.Errorf("lock the host's key: %w", err)
	}
	if err := remember(k.Memory, host); err != nil {
		return err
	}
	return errors.Join(os.Remove(k.Path), atomicfile.SyncDir(filepath.Dir(k.Path)))
}

// Unlock has the key at hand until the next boot.
func (k Keeper) Unlock(passphrase []byte) error {
	host, err := k.opened(passphrase)
	if err != nil {
		return err
	}
	return remember(k.Memory, host)
}

// Release has the key be had from its file again, without a passphrase.
func (k Keeper) Release(passphrase []byte) error {
	host, err := k.opened(passphrase)
	if err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(k.Path, 0o600, host.secret[:]); err != nil {
		return fmt.Errorf("write the host's key: %w", err)
	}
	return errors.Join(os.Remove(k.locked()), forget(k.Memory), atomicfile.SyncDir(filepath.Dir(k.Path)))
}

// opened opens the key with its passphrase.
func (k Keeper) opened(passphrase []byte) (Key, error) {
	text, err := os.ReadFile(k.locked())
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, fault.New(fault.NotFound, "have it need one: holm unlock --mode manual", "the host's key needs no passphrase")
	}
	if err != nil {
		return Key{}, err
	}
	var box lockedKey
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&box); err != nil || len(box.Salt) != saltSize {
		return Key{}, fault.New(fault.Failure, "put it back from a backup", "the locked key of the host, %s, is damaged", k.locked())
	}
	by := derive(passphrase, box.Salt)
	if box.Key.By != by.ID() {
		return Key{}, fault.New(fault.Refused, "try again: holm unlock", "this is not the passphrase of the host's key")
	}
	return by.Open(box.Key, Host, hostOwner)
}

// remember keeps the key in memory, where a boot forgets it.
func remember(path string, host Key) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, private); err != nil {
		return fmt.Errorf("keep the host's key until the next boot: %w", err)
	}
	if err := os.Chmod(dir, private); err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, 0o600, host.secret[:])
}

func forget(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func derive(passphrase, salt []byte) Key {
	var k Key
	copy(k.secret[:], argon2.IDKey(passphrase, salt, argonTime, argonKiB, argonThreads, Size))
	return k
}
