package rootfs

import (
	"errors"
	"io/fs"
	"os"
)

// Tightened are files and folders that only root reads, or that only root lists, where Debian lets everybody: what they
// say is of use to nobody else.
var Tightened = map[string]fs.FileMode{
	"etc/nftables.conf":                  0o600,
	"etc/ssh/sshd_config":                0o600,
	"etc/ssh/sshd_config.d":              0o700,
	"etc/ssh/sshd_config.d/10-holm.conf": 0o600,
	"etc/sudoers.d":                      0o750,
	"root":                               0o700,
}

// Tighten changes the modes of what is there.
func Tighten(root *os.Root) error {
	for name, mode := range Tightened {
		if err := root.Chmod(name, mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
