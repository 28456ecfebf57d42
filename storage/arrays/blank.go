package arrays

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"holm/internal/fault"
)

// headBytes is how much of the start of a drive has to be nothing but zeros.
const headBytes = 1 << 20

// unchanged tells that the drives of a plan still are those that it saw, and still hold nothing.
func (b Builder) unchanged(ctx context.Context, p Plan) error {
	for _, planned := range p.Drives {
		now, err := b.drive(ctx, planned.Path)
		if err != nil {
			return err
		}
		if now != planned {
			return fault.New(fault.Refused, "see what there is now: lsblk --nodeps -o NAME,SIZE,MODEL,SERIAL",
				"%s is another drive than it was a moment ago", planned.Path)
		}
	}
	return nil
}

func (b Builder) zeroHead(name string) (bool, error) {
	f, err := os.Open(b.path("/dev/" + name))
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	head, err := io.ReadAll(io.LimitReader(f, headBytes))
	return !slices.ContainsFunc(head, func(b byte) bool { return b != 0 }), err
}

// zero makes the start of a drive what zeroHead found there. One that something else holds by now is left alone.
func (b Builder) zero(name string) error {
	f, err := os.OpenFile(b.path("/dev/"+name), os.O_WRONLY|os.O_EXCL, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, headBytes))
	return errors.Join(err, f.Sync(), f.Close())
}

// clear takes a drive's superblock away, and what mdadm leaves behind it: the bitmap and the log of bad blocks, which lie
// in the part that was found to be zeros. A drive without a superblock is one that mdadm did not come to.
func (w *work) clear(ctx context.Context, name string) error {
	if _, err := w.run(ctx, "mdadm", "--examine", "--quiet", name); err != nil {
		return nil //nolint:nilerr // it says so by failing
	}
	if _, err := w.run(ctx, "mdadm", "--zero-superblock", "--quiet", name); err != nil {
		return err
	}
	return w.zero(strings.TrimPrefix(name, "/dev/"))
}
