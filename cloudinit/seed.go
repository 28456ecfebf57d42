package cloudinit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"

	"holm/internal/atomicfile"
)

// seedMode keeps other users of the host from reading who may log in where.
const seedMode fs.FileMode = 0o600

// ISO returns the seed as an ISO 9660 volume labelled cidata, a whole number of 2048-byte sectors. The same seed gives
// the same bytes at any time and on any machine.
func (s Seed) ISO() ([]byte, error) {
	return imageOf(map[string][]byte{
		fileUserData:      s.UserData,
		fileMetaData:      s.MetaData,
		fileNetworkConfig: s.NetworkConfig,
	})
}

// WriteFile writes the seed's ISO to path, readable by its owner only, and returns its SHA-256 in lower-case
// hexadecimal digits and its size in bytes. A file that is there is replaced at once or, on an error, left as it was.
func (s Seed) WriteFile(path string) (sum string, size int64, err error) {
	image, err := s.ISO()
	if err != nil {
		return "", 0, err
	}
	if err := atomicfile.WriteBytes(path, seedMode, image); err != nil {
		return "", 0, fmt.Errorf("cannot write the seed: %w", err)
	}
	digest := sha256.Sum256(image)
	return hex.EncodeToString(digest[:]), int64(len(image)), nil
}
