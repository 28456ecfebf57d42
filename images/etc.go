package images

import (
	"os"
	"path/filepath"
	"strings"

	"holm/guest/renewal"
)

// describeEtc writes into a root file system what its /etc is like, so that the image after it can tell what an instance's owner
// changed. It comes last: all modes and owners are settled.
func describeEtc(dir string) error {
	etc, err := renewal.Scan(filepath.Join(dir, "etc"))
	if err != nil {
		return err
	}
	text, err := etc.Encode()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return layFile(root, strings.TrimPrefix(renewal.ManifestFile, "/"), text, 0o600)
}
