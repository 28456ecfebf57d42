package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/trusted"
)

// Key returns the host's signing key, and makes it when there is none. path is 0600 and its folder is made 0700. Two that
// make it at the same time end up with the same one.
func Key(path string) (ed25519.PrivateKey, error) {
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	_, fresh, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	content, err := x509.MarshalPKCS8PrivateKey(fresh)
	if err != nil {
		return nil, err
	}
	beside := path + "." + rand.Text()
	if err := atomicfile.WriteBytes(beside, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: content})); err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	// A link fails when somebody else was faster: then theirs is the key.
	if err := os.Link(beside, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(fmt.Errorf("make the audit key: %w", err), os.Remove(beside))
	}
	if err := errors.Join(os.Remove(beside), atomicfile.SyncDir(filepath.Dir(path))); err != nil {
		return nil, err
	}
	return readKey(path)
}

func readKey(path string) (ed25519.PrivateKey, error) {
	content, err := trusted.ReadFile(path)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("read the audit key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("the audit key %s is not in PEM", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the audit key %s cannot be read: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the audit key %s is not an ed25519 key", path)
	}
	return key, nil
}
