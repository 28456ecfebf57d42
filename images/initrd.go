package images

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cavaliergopher/cpio"
	"github.com/ulikunitz/xz"
)

// initrdModules are the kernel modules without which the first program cannot find, verify and mount its disks.
// pvpanic tells the host of a kernel panic, so that an altered root disk is noticed at once.
var initrdModules = []string{"pvpanic-mmio", "virtio_blk", "dm-verity", "erofs", "overlay"}

// maxModule bounds an unpacked kernel module, in bytes.
const maxModule = 64 << 20

// writeInitrd writes the initrd: the guest's first program and, unpacked and numbered in the order of loading, the
// kernel modules that it needs. An archive that nothing has to unpack starts faster than a smaller one.
func writeInitrd(w io.Writer, modulesDir string, init []byte) error {
	return writeArchive(w, modulesDir, initrdModules, map[string][]byte{"init": init})
}

// writeArchive writes an initrd of programs, by their paths, and kernel modules.
func writeArchive(w io.Writer, modulesDir string, modules []string, programs map[string][]byte) error {
	order, err := moduleOrder(modulesDir, modules)
	if err != nil {
		return err
	}
	archive := cpio.NewWriter(w)
	for _, dir := range []string{"dev", "proc", "sys", "run", "modules", "sysroot"} {
		if err := archive.WriteHeader(&cpio.Header{Name: dir, Mode: cpio.TypeDir | 0o755, Links: 2}); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		if err := addFile(archive, name, 0o755, programs[name]); err != nil {
			return err
		}
	}
	for i, module := range order {
		content, err := readModule(filepath.Join(modulesDir, module), maxModule)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(path.Base(module), ".xz")
		if err := addFile(archive, fmt.Sprintf("modules/%02d-%s", i, name), 0o644, content); err != nil {
			return err
		}
	}
	return archive.Close()
}

func addFile(archive *cpio.Writer, name string, mode cpio.FileMode, content []byte) error {
	if err := archive.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeReg | mode, Links: 1, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

// moduleOrder returns the modules and all they depend on, each after what it needs, as paths below dir. It reads
// modules.dep, where each line is "module: its dependencies, the deepest last".
func moduleOrder(dir string, wanted []string) ([]string, error) {
	content, err := os.ReadFile(filepath.Join(dir, "modules.dep"))
	if err != nil {
		return nil, fmt.Errorf("read the kernel's list of modules: %w", err)
	}
	needs := map[string][]string{}
	byName := map[string]string{}
	for line := range strings.Lines(string(content)) {
		module, deps, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		needs[module] = strings.Fields(deps)
		name, _, _ := strings.Cut(path.Base(module), ".")
		byName[name] = module
	}
	var order []string
	add := func(module string) {
		if !slices.Contains(order, module) {
			order = append(order, module)
		}
	}
	for _, name := range wanted {
		module, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("the kernel has no module %q", name)
		}
		for _, dep := range slices.Backward(needs[module]) {
			add(dep)
		}
		add(module)
	}
	return order, nil
}

// readModule returns a kernel module, unpacked; one of more than limit bytes is an error.
func readModule(file string, limit int64) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil || strings.HasSuffix(file, ".ko") {
		return content, err
	}
	if !strings.HasSuffix(file, ".ko.xz") {
		// The first program would pass over it and fail later, without a word of why.
		return nil, fmt.Errorf("the kernel module %s is packed in a way that holm does not know", filepath.Base(file))
	}
	unpacked, err := xz.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(file), err)
	}
	content, err = io.ReadAll(io.LimitReader(unpacked, limit+1))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", filepath.Base(file), err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("unpack %s: more than %d bytes", filepath.Base(file), limit)
	}
	return content, nil
}
