package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/trusted"
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

// cost is argonKiB, but for tests that derive often.
var cost uint32 = argonKiB

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

// State is how the key is had.
type State struct {
	Mode string // after a boot
	Open bool   // whether it can be had now
	// Unfinished is an exchange of the key that was cut short. Until it is finished, the mode is what is true of the weaker key.
	Unfinished bool
}

// State says how the key is had that has sealed what is stored.
func (k Keeper) State(ctx context.Context, book Book) (s State, err error) {
	sealed, err := book.SealedBy(ctx)
	if err != nil {
		return s, err
	}
	locked, err1 := exists(k.locked())
	file, err2 := exists(k.Path)
	given, err3 := exists(k.given())
	unlocked, err4 := exists(k.Memory)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return s, err
	}
	s = State{Mode: Auto, Open: true, Unfinished: locked && file}
	switch {
	case k.hasCredential(), given && !file:
		return State{Mode: Systemd, Open: true}, nil
	case locked && !file:
		return State{Mode: Manual, Open: unlocked}, nil
	case s.Unfinished:
		for _, id := range sealed {
			key, err := k.Key(id, false)
			s.Open = s.Open && err == nil && key.ID() == id
		}
	}
	return s, nil
}

func (k Keeper) hasCredential() bool {
	if k.Credentials == "" {
		return false
	}
	there, _ := exists(filepath.Join(k.Credentials, Credential))
	return there
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
	host, err := k.Key("", false)
	if err != nil {
		return err
	}
	return remember(k.given(), host)
}

// box is the locked key as it lies in its file.
func (k Keeper) box() (box lockedKey, err error) {
	text, err := trusted.ReadFile(k.locked())
	if errors.Is(err, fs.ErrNotExist) {
		return box, fault.New(fault.NotFound, "have it need one: holm unlock --mode manual", "the host's key needs no passphrase")
	}
	if err != nil {
		return box, err
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&box); err != nil || len(box.Salt) != saltSize {
		return box, fault.New(fault.HostKeyDamaged, "put it back from a backup", "the locked key of the host, %s, is damaged", k.locked())
	}
	return box, nil
}

// opened opens the key with its passphrase.
func (k Keeper) opened(passphrase []byte) (Key, error) {
	box, err := k.box()
	if err != nil {
		return Key{}, err
	}
	by := derive(passphrase, box.Salt)
	if box.Key.By != by.ID() {
		return Key{}, fault.New(fault.PassphraseWrong, "try again: holm unlock", "this is not the passphrase of the host's key")
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
	copy(k.secret[:], argon2.IDKey(passphrase, salt, argonTime, cost, argonThreads, Size))
	return k
}
