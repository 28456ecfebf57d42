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
	"holm/internal/trusted"
)

// Credential is the name under which systemd hands the host's key over, which then may come out of a TPM.
const Credential = "holm-host-key" //nolint:gosec // a name, and no key

// Keeper is where a host's key is.
type Keeper struct {
	Path        string // of the file, 0600; made when it is first needed
	Credentials string // $CREDENTIALS_DIRECTORY; "" when systemd gave none
	Memory      string // the file, on a file system in memory, of a key that its operator has unlocked

	// Crash is called between the steps of what changes the key; nil does nothing. For tests.
	Crash func(point string)
}

// At is the keeper of a state directory's key.
func At(dir, credentials string) Keeper {
	sum := sha256.Sum256([]byte(dir))
	return Keeper{
		Path: filepath.Join(dir, "keys", "host.key"), Credentials: credentials,
		Memory: filepath.Join("/run/holm", hex.EncodeToString(sum[:8])+".key"),
	}
}

// Key returns the host's key. want is the id of the one that has sealed what is to be opened, "" when nothing was sealed yet: while
// the key is being exchanged there are two. make tells whether a new one may be made: never once something was sealed, because then
// a key that is not there is a key that was lost.
func (k Keeper) Key(want string, make bool) (Key, error) {
	locked, err := exists(k.locked())
	if err != nil {
		return Key{}, err
	}
	places := []place{{filepath.Join(k.Credentials, Credential), false}, {k.Path, true}, {k.given(), true}, {k.Memory, true}}
	if !locked { // what was unlocked is of use only beside what was locked: else it belongs to a state that was removed
		places = places[:3]
	}
	if k.Credentials == "" {
		places = places[1:]
	}
	var first *Key
	var failed error
	for _, p := range places {
		key, err := read(p.path, p.own)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			failed = errors.Join(failed, err)
		case want == "" || key.ID() == want:
			return key, nil
		case first == nil:
			first = &key
		}
	}
	switch {
	case failed != nil:
		return Key{}, failed
	case locked && k.needs(want):
		return Key{}, fault.New(fault.HostKeyLocked, "run: sudo holm unlock", "the host's key is locked since the host has booted")
	case first != nil:
		return *first, nil // it opens nothing, and its id says why
	case !make:
		return Key{}, lost(k.Path)
	}
	return k.create()
}

// place is a file in which a key may lie; own is one of holm's.
type place struct {
	path string
	own  bool
}

// needs tells whether the locked key is the one that is wanted; one that cannot be read may be.
func (k Keeper) needs(want string) bool {
	box, err := k.box()
	return err != nil || want == "" || box.Key.ID == want
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
	open := os.OpenFile
	if own {
		open = trusted.Open
	}
	file, err := open(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return Key{}, wrap(err)
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
		return Key{},
			fault.New(fault.HostKeyDamaged, "put it back from a backup: instances that run go on, encrypted ones do not start without it",
				"the host's key %s has %d bytes, and a key has %d", fault.Path(path), info.Size(), Size)
	}
	return Of(secret, "the host's key")
}

// wrap says what was being done, unless the error is one that a person can read as it is.
func wrap(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	return fmt.Errorf("read the host's key: %w", err)
}

func lost(path string) error {
	return fault.New(fault.HostKeyMissing,
		"put it back from a backup. What runs goes on, instances without encryption start, all can be listed and removed; encrypted ones "+
			"cannot start, and new ones cannot be made",
		"the host's key %s is gone", fault.Path(path))
}
