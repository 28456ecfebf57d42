package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"holm/internal/atomicfile"
	"holm/internal/fault"
)

// Credential is the name under which systemd hands the host's key over, which then may come out of a TPM.
const Credential = "holm-host-key" //nolint:gosec // a name, and no key

// Keeper is where a host's key is.
type Keeper struct {
	Path        string // of the file, 0600; made when it is first needed
	Credentials string // $CREDENTIALS_DIRECTORY; "" when systemd gave none
	Memory      string // the file, on a file system in memory, of a key that its operator has unlocked
}

// At is the keeper of a state directory's key.
func At(dir, credentials string) Keeper {
	sum := sha256.Sum256([]byte(dir))
	return Keeper{
		Path: filepath.Join(dir, "keys", "host.key"), Credentials: credentials,
		Memory: filepath.Join("/run/holm", hex.EncodeToString(sum[:8])+".key"),
	}
}

// Key returns the host's key. make tells whether a new one may be made: never once something was sealed, because then a
// key that is not there is a key that was lost.
func (k Keeper) Key(make bool) (Key, error) {
	if k.Credentials != "" {
		key, err := read(filepath.Join(k.Credentials, Credential), false)
		if !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
	}
	key, err := read(k.Path, true)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key, err = read(k.given(), true)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	// What was unlocked is of use only beside what was locked: else it belongs to a state that was removed.
	switch locked, err := exists(k.locked()); {
	case err != nil:
		return Key{}, err
	case locked:
		key, err := read(k.Memory, true)
		if errors.Is(err, fs.ErrNotExist) {
			return key, fault.New(fault.Unfit, "run: sudo holm unlock", "the host's key is locked since the host has booted")
		}
		return key, err
	case !make:
		return Key{}, lost(k.Path)
	}
	return k.create()
}

// create makes the file; two that do so at the same time end up with the same key.
func (k Keeper) create() (Key, error) {
	fresh := New()
	beside := k.Path + "." + rand.Text()
	if err := atomicfile.WriteBytes(beside, 0o600, fresh.secret[:]); err != nil {
		return Key{}, fmt.Errorf("make the host's key: %w", err)
	}
	// A link fails when somebody else was faster: then theirs is the key.
	if err := os.Link(beside, k.Path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, errors.Join(fmt.Errorf("make the host's key: %w", err), os.Remove(beside))
	}
	if err := errors.Join(os.Remove(beside), atomicfile.SyncDir(filepath.Dir(k.Path))); err != nil {
		return Key{}, err
	}
	return read(k.Path, true)
}

// read takes no link, nothing that is not a file, and no file of holm's own that others can read.
func read(path string, own bool) (Key, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return Key{}, fmt.Errorf("read the host's key: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return Key{}, fmt.Errorf("read the host's key: %w", err)
	case !info.Mode().IsRegular():
		return Key{}, fault.New(fault.Failure, "put the key back there", "the host's key %s is not a file", path)
	case own && info.Mode().Perm()&0o077 != 0:
		return Key{}, fault.New(fault.Unfit, "chmod 600 "+path+"      and think about who may have read it",
			"the host's key %s can be read by others (mode %04o)", path, info.Mode().Perm())
	}
	secret, err := io.ReadAll(io.LimitReader(file, Size+1))
	if err != nil {
		return Key{}, fmt.Errorf("read the host's key: %w", err)
	}
	if info.Size() != Size || len(secret) != Size {
		return Key{}, fault.New(fault.Failure, "put it back from a backup: instances that run go on, encrypted ones do not start without it",
			"the host's key %s has %d bytes, and a key has %d", path, info.Size(), Size)
	}
	return Of(secret, "the host's key")
}

func lost(path string) error {
	return fault.New(fault.Failure,
		"put it back from a backup. What runs goes on, instances without encryption start, all can be listed and removed; encrypted ones cannot start, and new ones cannot be made",
		"the host's key %s is gone", path)
}
