package inside

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holm/internal/atomicfile"
)

// include stands first in ~/.ssh/config: after a Host line it would hold for that host alone. Ssh looks for a relative
// name below ~/.ssh.
const include = "Include holm/*.conf\n"

// installSSHConfig writes the block of one host below ~/.ssh and has it included. What the configuration says besides stays as it
// is, and keeps its mode. Nothing is written through a link, or into what is not the home's owner's.
func installSSHConfig(h home, alias, block string) error {
	dir, err := h.open()
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	ssh, err := h.folder(dir, ".ssh")
	if err != nil {
		return err
	}
	defer func() { _ = ssh.Close() }()
	config, mode, err := h.config(ssh)
	if err != nil {
		return err
	}
	own, err := h.folder(ssh, "holm")
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
	if err := atomicfile.WriteIn(own, alias+".conf", 0o600, []byte(block)); err != nil {
		return err
	}
	if bytes.HasPrefix(config, []byte(include)) {
		return nil
	}
	return atomicfile.WriteIn(ssh, "config", mode, append([]byte(include), config...))
}

// config reads ~/.ssh/config. One that is a link, as people have who keep theirs elsewhere, may include holm's already.
func (h home) config(ssh *os.Root) (content []byte, mode fs.FileMode, err error) {
	info, err := ssh.Lstat("config")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0o600, nil
	}
	if err != nil {
		return nil, 0, err
	}
	path := filepath.Join(h.dir, ".ssh", "config")
	if info.Mode()&fs.ModeSymlink != 0 {
		if content, err := os.ReadFile(path); err == nil && bytes.HasPrefix(content, []byte(include)) {
			return content, 0, nil
		}
	}
	if err := h.has(path, info); err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a file", path)
	}
	content, err = ssh.ReadFile("config")
	return content, info.Mode().Perm(), err
}

// contextMeta is where docker keeps a context below its folder: in one named by the hash of the context's name.
func contextMeta(dir, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
}
