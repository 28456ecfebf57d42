package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// writeFile writes a file of root's alone, whole or not at all, and the folders it lies in.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("cannot make the folder of %s: %w", path, err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("cannot put %s in its place: %w", path, err)
	}
	return nil
}
