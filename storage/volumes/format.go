package volumes

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"holm/internal/run"
	"holm/internal/trusted"
	"holm/storage/luks"
)

// format is what files are.
type format struct {
	kind, suffix string
	// prove tries in the folder what the format needs of its file system.
	prove func(ctx context.Context, root *os.Root) error
	// blank makes an empty volume of an empty file.
	blank func(ctx context.Context, file *os.File, gib int, key []byte) error
	// copy makes an empty file the same as origin.
	copy func(ctx context.Context, file, origin *os.File) error
	// size is that which a guest sees, in bytes.
	size func(file *os.File) (int64, error)
}

func qcow2() format {
	return format{
		kind: "qcow2", suffix: ".qcow2",
		prove: func(context.Context, *os.Root) error { return nil },
		blank: func(ctx context.Context, file *os.File, gib int, key []byte) error {
			// Lazy reference counts spare the guest's flushes a metadata write each; QEMU repairs them after a crash.
			// It is given the file that was just made, and not a name that could be another one's by then.
			_, err := run.Run(ctx, run.Cmd{
				Name: "qemu-img", Files: []*os.File{file},
				Args: []string{
					"create", "-q", "-f", "qcow2", "-o", "compat=1.1,lazy_refcounts=on,preallocation=off", trusted.Descriptor(3),
					strconv.Itoa(gib) + "G",
				},
			})
			if err != nil || key == nil {
				return err
			}
			return encryptQcow2(file, key)
		},
		copy: shareOrCopy,
		size: qcow2Size,
	}
}

// raw files are sparse. On btrfs they stay copy-on-write: without it there would be no checksums, and so nothing that
// tells RAID which of two copies is the right one.
func raw() format {
	return format{
		kind: "raw", suffix: ".raw",
		prove: proveShare,
		blank: func(_ context.Context, file *os.File, gib int, key []byte) error {
			if key == nil {
				return file.Truncate(int64(gib) << 30)
			}
			if err := file.Truncate(int64(gib)<<30 + luks.HeaderBytes); err != nil {
				return err
			}
			return writeHeader(file, 0, key, blankBytes, atOnce)
		},
		copy: func(_ context.Context, file, origin *os.File) error { return share(file, origin) },
		size: rawSize,
	}
}

// qcow2Size reads the header, which QEMU keeps right while a guest runs.
func qcow2Size(file *os.File) (int64, error) {
	h, err := readQcow2(file)
	if err != nil || h.Size > MaxGiB<<30 {
		return 0, fmt.Errorf("volume %s is no qcow2 file of holm's", file.Name())
	}
	return int64(h.Size), nil // #nosec G115 -- bounded
}
