package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"holm/internal/atomicfile"
)

// include stands first in ~/.ssh/config: after a Host line it would hold for that host alone. Ssh looks for a relative
// name below ~/.ssh.
const include = "Include holm/*.conf\n"

// installSSHConfig writes the block of one host below the folder of ssh's configuration and has it included. What the
// caller's configuration says besides stays as it is, and keeps its mode.
func installSSHConfig(dir, alias, block string) error {
	own := filepath.Join(dir, "holm")
	if err := os.MkdirAll(own, 0o700); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(filepath.Join(own, alias+".conf"), 0o600, []byte(block)); err != nil {
		return err
	}
	config := filepath.Join(dir, "config")
	content, err := os.ReadFile(config)
	mode := fs.FileMode(0o600)
	if info, statErr := os.Stat(config); statErr == nil {
		mode = info.Mode().Perm()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) || bytes.HasPrefix(content, []byte(include)) {
		return err
	}
	// A link, as people have who keep their configuration elsewhere, is written through.
	if real, err := filepath.EvalSymlinks(config); err == nil {
		config = real
	}
	return atomicfile.WriteBytes(config, mode, append([]byte(include), content...))
}

// contextMeta is where docker keeps a context below its folder: in one named by the hash of the context's name.
func contextMeta(dir, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
}
