package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"holm/images"
	"holm/provisioner/machine"
)

// kernelOfImage looks at what the host hands to QEMU: the kernel is not covered by dm-verity, whose root hash it is told; it is
// pinned by the manifest.
func kernelOfImage() rule {
	return rule{
		id: "kernel-of-image", side: Host, source: "holm", promise: "the machine boots the kernel and initrd of its image, byte for byte",
		try: func(_ context.Context, t *trial) found {
			const tried = "hash the files that the running domain boots"
			live, err := machine.ReadLive(t.Live)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			for _, f := range []struct {
				is, want string
				file     images.File
			}{{live.Kernel, t.Wanted.Kernel, t.Image.Kernel}, {live.Initrd, t.Wanted.Initrd, t.Image.Initrd}} {
				if f.is != f.want {
					return failed(tried, "it boots %s", f.is)
				}
				sum, err := hash(f.is)
				if err != nil {
					return inconclusive(tried, "%v", err)
				}
				if sum != f.file.SHA256 {
					return failed(tried, "%s has the sha256 %.12s…, the manifest says %.12s…", f.is, sum, f.file.SHA256)
				}
			}
			return passed(tried, "%s, sha256 %.12s…", t.Image.KernelVersion, t.Image.Kernel.SHA256)
		},
	}
}

// kernelRunning is the guest's word: it finds one that went on with another kernel (kexec), and no guest that hides it.
func kernelRunning() rule {
	return rule{
		id: "kernel-running", side: Guest, source: "holm", promise: "the guest says that it runs the kernel of its image",
		try: func(ctx context.Context, t *trial) found {
			const tried = "ask the guest for its kernel"
			said, ok := t.Guest.first(ctx)
			if !ok {
				return inconclusive(tried, "the guest does not say which kernel it runs")
			}
			if said.Report.Kernel != t.Image.KernelVersion {
				return failed(tried, "the guest runs %.64q, its image has %q", said.Report.Kernel, t.Image.KernelVersion)
			}
			return passed(tried, "%s", said.Report.Kernel)
		},
	}
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
