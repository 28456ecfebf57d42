package pools

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxFile is as much as is read of a file of sysfs, in bytes: the kernel gives at most a page.
const maxFile = 4 << 10

// place is a folder of sysfs, with all links followed. What is not there reads as nothing: attributes come and go with
// the kernel's version and the kind of device.
type place struct{ path string }

func resolve(root, path string) (place, error) {
	real, err := filepath.EvalSymlinks(filepath.Join("/", root, path))
	return place{real}, err
}

func (p place) name() string { return filepath.Base(p.path) }

// parent is the device that a partition is a part of, as a path of sysfs.
func (p place) parent() string { return "/sys/class/block/" + filepath.Base(filepath.Dir(p.path)) }

func (p place) has(name string) bool { return exists(filepath.Join(p.path, name)) }

// list returns the names in a folder, sorted; none for a folder that is not there.
func (p place) list(name string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(p.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// text is the content of a file without what cannot be shown: names of drives are whatever their firmware says.
func (p place) text(name string) string {
	f, err := os.Open(filepath.Join(p.path, name))
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return ""
	}
	shown := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, string(content))
	return strings.Join(strings.Fields(shown), " ")
}

// number is 0 for what is none.
func (p place) number(name string) uint64 {
	n, err := strconv.ParseUint(p.text(name), 10, 53) // as much as 512 times it still is a number
	if err != nil {
		return 0
	}
	return n
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func openBelow(root, path string) (*os.File, error) {
	return os.Open(filepath.Join("/", root, path))
}
