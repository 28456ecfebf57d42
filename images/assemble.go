package images

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"holm/images/rootfs"
	"holm/internal/atomicfile"
)

// tools are the programs that an image is made with. They are those of the image itself.
type tools struct {
	pack    packer
	compile compiler
}

func ownTools() tools { return tools{pack: ownErofs, compile: ownParser} }

// assemble makes the image's files of a root file system and enters them into the manifest.
func assemble(ctx context.Context, with tools, root, out string, guest payload, m *Manifest, progress func(string, int64, int64)) error {
	if err := makePassage(out); err != nil {
		return err
	}
	progress("kernel and initrd", 0, 0)
	kernel, version, err := findKernel(root)
	if err != nil {
		return err
	}
	m.KernelVersion = version
	content, err := os.ReadFile(kernel)
	if err != nil {
		return err
	}
	if m.Kernel, err = writeImageFile(out, kernelFile, content); err != nil {
		return err
	}
	var initrd bytes.Buffer
	if err := writeInitrd(&initrd, filepath.Join(root, "usr/lib/modules", version), guest.init); err != nil {
		return err
	}
	if m.Initrd, err = writeImageFile(out, initrdFile, initrd.Bytes()); err != nil {
		return err
	}
	progress("root file system", 0, 0)
	if err := customize(root, guest); err != nil {
		return fmt.Errorf("customize the root file system: %w", err)
	}
	if err := confine(ctx, with.compile, root, guest, version); err != nil {
		return err
	}
	if m.Privileged, err = rootfs.SettlePrivileges(root); err != nil {
		return err
	}
	if err := describeEtc(root); err != nil {
		return err
	}
	file := filepath.Join(out, rootFile)
	if m.RootHash, m.DataBlocks, err = makeRoot(ctx, with.pack, root, file, m.Epoch.Unix()); err != nil {
		return err
	}
	progress("digests", 0, 0)
	sum, size, err := sumFile(ctx, file, func(int64) {})
	if err != nil {
		return err
	}
	m.Root = File{Name: rootFile, SHA256: sum, Size: size}
	return os.Chmod(file, 0o444) //nolint:gosec // public, like the packages in it, and Read by QEMU's own user
}

func findKernel(root string) (file, version string, err error) {
	found, err := fs.Glob(os.DirFS(root), "boot/vmlinuz-*")
	if err != nil {
		return "", "", err
	}
	if len(found) != 1 {
		return "", "", fmt.Errorf("the packages brought %d kernels, not one", len(found))
	}
	return filepath.Join(root, found[0]), strings.TrimPrefix(filepath.Base(found[0]), "vmlinuz-"), nil
}

func writeImageFile(dir, name string, content []byte) (File, error) {
	sum := sha256.Sum256(content)
	err := atomicfile.WriteBytes(filepath.Join(dir, name), 0o444, content)
	return File{Name: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}, err
}
