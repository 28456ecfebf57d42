package parts

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"holm/internal/atomicfile"
	"holm/internal/fault"
	"holm/internal/lock"
	"holm/internal/trusted"
)

// KeyPath is where holm's own client key lies in a state directory.
func KeyPath(dir string) string { return filepath.Join(dir, "keys", "ssh_ed25519") }

// ensureKey returns the public half of holm's own client key, in authorized_keys format, and makes the key when there
// is none. The private half never leaves its file.
func (p *Parts) ensureKey(ctx context.Context) (string, error) {
	path := KeyPath(p.Dir)
	if public, err := publicHalf(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return public, err
	}
	held, err := lock.Acquire(ctx, filepath.Join(p.Dir, "locks", ".key"))
	if err != nil {
		return "", err
	}
	defer func() { _ = held.Release() }()
	if public, err := publicHalf(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return public, err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "holm")
	if err != nil {
		return "", err
	}
	if err := atomicfile.WriteBytes(path, 0o600, pem.EncodeToMemory(block)); err != nil {
		return "", fmt.Errorf("write holm's client key: %w", err)
	}
	return publicHalf(path)
}

func publicHalf(path string) (string, error) {
	content, err := trusted.ReadFile(path)
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("read holm's client key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(content)
	if err != nil {
		return "", fmt.Errorf("read holm's client key %s: %w", path, err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) + " holm", nil
}
