package agent

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// accessDir holds the host's own key, by which holm's verbs come in, in a file named after the user; sshd reads it
	// beside the user's own list.
	accessDir = "/etc/ssh/holm"
	// accessCopy is what the seed said, for an owner who empties the folder above.
	accessCopy = "/var/lib/holm/access_key"
)

// keepAccess puts the host's key back where somebody has removed it. An instance that is older than this has the key in
// its user's own list alone: there it stays.
func (a *Agent) keepAccess(user string) error {
	file := filepath.Join(accessDir, user)
	key, err := a.accessKey(file)
	if err != nil {
		return err
	}
	kept, err := a.accessKey(accessCopy)
	switch {
	case err != nil:
		return err
	case key == nil && kept == nil:
		return nil
	case kept == nil:
		return a.writeAccess(accessCopy, key, 0o700, 0o600)
	case key == nil:
		return a.writeAccess(file, kept, 0o755, 0o644)
	}
	return nil
}

// accessKey reads such a file; nil is one that is not there, or has nothing in it.
func (a *Agent) accessKey(path string) ([]byte, error) {
	if info, err := os.Lstat(a.path(path)); errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	key, err := a.seeded(path)
	if len(bytes.TrimSpace(key)) == 0 {
		return nil, err
	}
	return key, err
}

func (a *Agent) writeAccess(path string, key []byte, dirMode, mode fs.FileMode) error {
	path = a.path(path)
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	// Written beside and renamed: sshd never reads a part of it. Whatever the umask is, sshd reads it as the user.
	err := os.WriteFile(path+".new", key, mode)
	return errors.Join(err, os.Chmod(path+".new", mode), os.Chmod(filepath.Dir(path), dirMode), os.Rename(path+".new", path))
}
