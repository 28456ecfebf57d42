package images

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"holm/guest"
)

// stateDirs are mount points of the state volume; the root file system has to offer them.
var stateDirs = []string{
	"state", "var/lib/docker", "var/lib/containerd", "var/lib/kubelet", "var/lib/rancher", "usr/lib/holm",
}

// pruned is what a build leaves behind that differs from build to build or that nobody needs in a running instance.
// A path that ends in "/" is emptied, not removed.
var pruned = []string{
	"boot/", "run/", "tmp/", "var/tmp/", "var/log/", "var/cache/", "var/lib/apt", "var/lib/systemd/random-seed",
	"var/lib/systemd/catalog/", "var/lib/dbus/machine-id", "var/lib/dpkg/info/format-new", "var/lib/dpkg/available",
	"etc/.pwd.lock", "etc/hostname", "etc/resolv.conf", "etc/machine-id", "etc/apt", "root/.bash_history",
	"etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key.pub", "etc/ssh/ssh_host_rsa_key",
	"etc/ssh/ssh_host_rsa_key.pub", "etc/ssh/ssh_host_ecdsa_key", "etc/ssh/ssh_host_ecdsa_key.pub",
	"etc/cloud/cloud-init.disabled",
}

// fixed are small files with the content that every image has.
var fixed = map[string]string{
	// Empty, and not "uninitialized": systemd makes an id at the first boot without applying its presets again.
	"etc/machine-id":     "",
	"etc/hostname":       "localhost\n",
	"etc/resolv.conf":    "",
	"etc/hosts":          "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
	"etc/default/locale": "LANG=C.UTF-8\n",
	"etc/fstab":          "# Everything is mounted before systemd starts.\n",
}

// customize turns an installed Debian into holm's root file system. All paths are resolved inside it, whatever links a
// package may have put there.
func customize(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := prune(root); err != nil {
		return err
	}
	for _, d := range stateDirs {
		if err := root.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	for name, content := range fixed {
		if err := root.WriteFile(name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := layFiles(root); err != nil {
		return err
	}
	return freezeBytecode(root)
}

func prune(root *os.Root) error {
	for _, p := range pruned {
		name, emptied := strings.CutSuffix(p, "/")
		if !emptied {
			if err := root.RemoveAll(name); err != nil {
				return err
			}
			continue
		}
		entries, err := fs.ReadDir(root.FS(), name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := root.RemoveAll(path.Join(name, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// layFiles puts the guest's own files, programs and links into the root.
func layFiles(root *os.Root) error {
	files := guest.Files()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return root.MkdirAll(name, 0o755)
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return root.WriteFile(name, content, 0o644)
	})
	if err != nil {
		return err
	}
	agent, err := guest.Program(guest.Agent)
	if err != nil {
		return err
	}
	if err := root.WriteFile("usr/lib/holm/"+guest.Agent, agent, 0o755); err != nil {
		return err
	}
	for link, target := range guest.Links() {
		if err := root.MkdirAll(path.Dir(link), 0o755); err != nil {
			return err
		}
		if err := root.Symlink(target, link); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// freezeBytecode marks Python's compiled files as belonging to their sources whatever the time stamps say (PEP 552,
// unchecked hashes). In the image every file has the same time, and Python would otherwise compile everything again at
// each start.
func freezeBytecode(root *os.Root) error {
	return fs.WalkDir(root.FS(), "usr/lib", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || !strings.HasSuffix(name, ".pyc") {
			return nil
		}
		f, err := root.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return freezePyc(f)
	})
}

// freezePyc rewrites the twelve bytes behind a .pyc file's magic number: flags "hash-based, unchecked", and a hash that
// nobody compares.
func freezePyc(f interface {
	io.ReaderAt
	io.WriterAt
},
) error {
	head := make([]byte, 16)
	if _, err := f.ReadAt(head, 0); err != nil {
		return fmt.Errorf("read a .pyc file: %w", err)
	}
	if head[2] != '\r' || head[3] != '\n' {
		return errors.New("a .pyc file without Python's magic number")
	}
	_, err := f.WriteAt([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 4)
	return err
}
