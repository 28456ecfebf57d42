package images

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"holm/guest"
)

const agentFile = "usr/lib/holm/" + guest.Agent

// layPayload puts the guest's own files, programs and links into the root.
func layPayload(root *os.Root, guest payload) error {
	if err := layFiles(root, guest.files, guest.links); err != nil {
		return err
	}
	return layFile(root, agentFile, guest.agent, 0o755)
}

// layFiles puts files and links into the root.
func layFiles(root *os.Root, files fs.FS, links map[string]string) error {
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return makeDirs(root, name)
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return layFile(root, name, content, 0o644)
	})
	if err != nil {
		return err
	}
	for link, target := range links {
		if err := makeDirs(root, path.Dir(link)); err != nil {
			return err
		}
		// A package may have Put a link of its own there.
		if err := root.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := root.Symlink(target, link); err != nil {
			return err
		}
	}
	return nil
}

func layFile(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	if err := root.WriteFile(name, content, mode); err != nil {
		return err
	}
	return root.Chmod(name, mode)
}

// makeDirs is MkdirAll for folders that everybody may Read. Those that are there keep their mode.
func makeDirs(root *os.Root, name string) error {
	var made string
	for part := range strings.SplitSeq(path.Clean(name), "/") {
		made = path.Join(made, part)
		err := root.Mkdir(made, 0o755)
		if err == nil {
			err = root.Chmod(made, 0o755)
		}
		if errors.Is(err, fs.ErrExist) {
			err = isDir(root, made)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isDir(root *os.Root, name string) error {
	info, err := root.Stat(name)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is no folder", name)
	}
	return err
}
