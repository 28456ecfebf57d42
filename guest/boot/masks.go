package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Files of the image that name, one a line, the units and systemd's generators of units that a VPS does not need.
const (
	maskList      = "/usr/lib/holm/masked-units"
	generatorList = "/usr/lib/holm/masked-generators"
)

// maskUnits masks the units, or generators, of a list, which need not be there, in systemd's folder for this boot. It is done here
// rather than in the image so that the benchmark can boot the very same image without it.
func maskUnits(list, dir string) error {
	content, err := os.ReadFile(list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		unit := strings.TrimSpace(line)
		if unit == "" || strings.HasPrefix(unit, "#") {
			continue
		}
		if err := os.Symlink("/dev/null", filepath.Join(dir, filepath.Base(unit))); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("mask %s: %w", unit, err)
		}
	}
	return nil
}
