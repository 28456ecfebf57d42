package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"holm/guest/boot"
	"holm/internal/run"
)

var rootHashLine = regexp.MustCompile(`(?m)^Root hash:\s+([0-9a-f]{64})$`)

// makeRoot writes an erofs of dir into file with mkfs and appends its hash tree.
func makeRoot(ctx context.Context, mkfs packer, dir, file string, epoch int64) (rootHash string, blocks uint64, err error) {
	if err := mkfs(ctx, dir, file, epoch); err != nil {
		return "", 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", 0, err
	}
	size := info.Size()
	if size%boot.BlockSize != 0 {
		return "", 0, fmt.Errorf("mkfs.erofs wrote %d bytes, which is no multiple of %d", size, boot.BlockSize)
	}
	out, err := run.Command(ctx, "veritysetup", "format", "--no-superblock", "--hash=sha256", "--salt=-",
		"--data-blocks="+strconv.FormatInt(size/boot.BlockSize, 10), "--hash-offset="+strconv.FormatInt(size, 10), file, file)
	if err != nil {
		return "", 0, err
	}
	match := rootHashLine.FindSubmatch(out)
	if match == nil {
		return "", 0, errors.New("veritysetup printed no root hash")
	}
	return string(match[1]), uint64(size) / boot.BlockSize, nil //nolint:gosec // no file has a negative size
}
