package keys

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/lock"
)

// Book is where keys are stored that the host's has sealed.
type Book interface {
	// SealedBy returns the ids of the keys by which something is sealed.
	SealedBy(ctx context.Context) ([]string, error)
	// Reseal seals with to what from has sealed, all of it in one transaction, and leaves what to has sealed already. What somebody
	// else has sealed is an error.
	Reseal(ctx context.Context, from, to Key) error
}

// Hold keeps others from exchanging the host's key, and from sealing something with it for the first time, until release.
func (k Keeper) Hold(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(k.Path), private); err != nil {
		return nil, fmt.Errorf("hold the host's key: %w", err)
	}
	held, err := lock.Acquire(ctx, k.Path+".lock")
	if err != nil {
		return nil, fmt.Errorf("hold the host's key: %w", err)
	}
	return func() { _ = held.Release() }, nil
}

// Lock has the host's key need a passphrase from the next boot on. It is a new key, that was never in a file: what a drive remembers of
// the old one opens nothing of what is sealed from now on. Whoever dies in between leaves both files; the same passphrase, given to Lock
// or Unlock, then finishes it.
func (k Keeper) Lock(ctx context.Context, passphrase []byte, book Book) error {
	if len(passphrase) < MinPassphrase {
		return fault.New(fault.Usage, "take a longer one",
			"a passphrase of %d bytes is too short: use at least %d", len(passphrase), MinPassphrase)
	}
	release, err := k.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	switch state, err := k.State(ctx, book); {
	case err != nil:
		return err
	case state.Mode == Systemd:
		return fault.New(fault.Refused, "lock the credential instead: systemd-creds encrypt --with-key=tpm2", "the host's key comes from systemd")
	case state.Mode == Manual:
		return fault.New(fault.Exists, "set it to auto first: holm unlock --mode auto", "the host's key needs a passphrase already")
	case state.Unfinished:
		if begun, err := k.begun(ctx, book); err != nil {
			return err
		} else if begun {
			return k.finish(ctx, passphrase, book)
		}
	}
	return k.exchange(ctx, passphrase, book)
}

// begun tells whether something is sealed by the locked key alone, of two that are there: then its file must not be written again.
func (k Keeper) begun(ctx context.Context, book Book) (bool, error) {
	sealed, err := book.SealedBy(ctx)
	if err != nil {
		return false, err
	}
	old, err := read(k.Path, true)
	if err != nil {
		return len(sealed) > 0, nil //nolint:nilerr // it was overwritten and not removed yet
	}
	return slices.ContainsFunc(sealed, func(id string) bool { return id != old.ID() }), nil
}

// exchange makes a new key, has all be sealed by it, and then makes an end of the old one.
func (k Keeper) exchange(ctx context.Context, passphrase []byte, book Book) error {
	sealed, err := book.SealedBy(ctx)
	if err != nil {
		return err
	}
	old, err := read(k.Path, true)
	if errors.Is(err, fs.ErrNotExist) && len(sealed) > 0 {
		return lost(k.Path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := New()
	if err := k.writeLocked(fresh, passphrase); err != nil {
		return err
	}
	k.crash("unlock.locked")
	return k.replace(ctx, old, fresh, book)
}

// replace is what comes when the new key is in its file.
func (k Keeper) replace(ctx context.Context, old, fresh Key, book Book) error {
	if err := remember(k.Memory, fresh); err != nil {
		return err
	}
	k.crash("unlock.remembered")
	if err := book.Reseal(ctx, old, fresh); err != nil {
		return err
	}
	k.crash("unlock.resealed")
	return k.erase()
}

// finish goes on with an exchange that was cut short.
func (k Keeper) finish(ctx context.Context, passphrase []byte, book Book) error {
	fresh, err := k.opened(passphrase)
	if err != nil {
		return err
	}
	old, err := read(k.Path, true)
	if err != nil { // it was overwritten; what is left to seal anew says so
		old = New()
	}
	return k.replace(ctx, old, fresh, book)
}

// Unlock has the key at hand until the next boot, and finishes what was begun.
func (k Keeper) Unlock(ctx context.Context, passphrase []byte, book Book) error {
	release, err := k.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	host, err := k.opened(passphrase)
	if err != nil {
		return err
	}
	old, err := read(k.Path, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remember(k.Memory, host)
	case err == nil && old.ID() == host.ID(): // a Release was cut short
		return k.unneeded()
	}
	return k.finish(ctx, passphrase, book)
}

// Release has the key be had from its file again, without a passphrase.
func (k Keeper) Release(ctx context.Context, passphrase []byte, book Book) error {
	release, err := k.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	host, err := k.opened(passphrase)
	if err != nil {
		return err
	}
	if there, err := exists(k.Path); err != nil {
		return err
	} else if there {
		if err := k.finish(ctx, passphrase, book); err != nil {
			return err
		}
	}
	if err := atomicfile.WriteBytes(k.Path, 0o600, host.secret[:]); err != nil {
		return fmt.Errorf("write the host's key: %w", err)
	}
	k.crash("unlock.released")
	return k.unneeded()
}

// unneeded removes what a key that is in its plain file does not need.
func (k Keeper) unneeded() error {
	return errors.Join(os.Remove(k.locked()), forget(k.Memory), atomicfile.SyncDir(filepath.Dir(k.Path)))
}

func (k Keeper) writeLocked(host Key, passphrase []byte) error {
	box := lockedKey{Salt: make([]byte, saltSize)}
	_, _ = rand.Read(box.Salt) // never fails
	var err error
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
	return nil
}

// erase overwrites the plain key, waits until that is on the disk, and removes it.
func (k Keeper) erase() error {
	file, err := os.OpenFile(k.Path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("overwrite the host's old key: %w", err)
	}
	noise := make([]byte, Size)
	_, _ = rand.Read(noise) // never fails
	_, err = file.WriteAt(noise, 0)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("overwrite the host's old key: %w", err)
	}
	k.crash("unlock.overwritten")
	if err := errors.Join(os.Remove(k.Path), atomicfile.SyncDir(filepath.Dir(k.Path))); err != nil {
		return fmt.Errorf("remove the host's old key: %w", err)
	}
	return nil
}

func (k Keeper) crash(point string) {
	if k.Crash != nil {
		k.Crash(point)
	}
}
