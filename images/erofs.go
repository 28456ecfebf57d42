package images

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"holm/internal/run"
)

// packer writes an erofs of a folder into a file. All time stamps are the epoch, so that the same folder gives the same
// bytes.
type packer func(ctx context.Context, dir, file string, epoch int64) error

// ownErofs packs a root file system with the mkfs.erofs that is in it. The host's would do, but Debian 12's and Debian
// 13's write different bytes, and the digest of an image must not depend on who built it.
func ownErofs(ctx context.Context, dir, file string, epoch int64) error {
	const inside = ".holm-root.img"
	args := append([]string{dir, "/usr/bin/mkfs.erofs", "--exclude-path=" + inside}, erofsOptions(epoch)...)
	if _, err := run.Command(ctx, "chroot", append(args, "/"+inside, "/")...); err != nil {
		return fmt.Errorf("pack the root file system: %w", err)
	}
	return os.Rename(filepath.Join(dir, inside), file)
}

func erofsOptions(epoch int64) []string {
	return []string{"-T" + strconv.FormatInt(epoch, 10), "-U", "686f6c6d-0000-4000-8000-000000000001"}
}
