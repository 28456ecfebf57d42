package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sigs.k8s.io/yaml"
)

// encryptionConfig makes, once, the file with the key that secrets are encrypted with, and returns its path. Its shape
// is k3s's: AES-CBC for secrets, and plain text read where some is left from before.
func encryptionConfig() (string, error) {
	const path = serverDir + "/cred/encryption-config.json"
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("cannot make a key for secrets: %w", err)
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "apiserver.config.k8s.io/v1",
		"kind":       "EncryptionConfiguration",
		"resources": []any{map[string]any{
			"resources": []string{"secrets"},
			"providers": []any{
				map[string]any{"aescbc": map[string]any{
					"keys": []any{map[string]any{"name": "aescbckey", "secret": base64.StdEncoding.EncodeToString(key)}},
				}},
				map[string]any{"identity": map[string]any{}},
			},
		}},
	})
	if err != nil {
		return "", fmt.Errorf("cannot write %s as YAML: %w", path, err)
	}
	return path, writeFile(path, text)
}
