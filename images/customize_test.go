package images

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rootTree makes what of a Debian root matters to customize.
func rootTree(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	for name, content := range map[string]string{
		"boot/vmlinuz-6.12.1-cloud-amd64":            "kernel",
		"etc/hostname":                               "builder",
		"etc/machine-id":                             "0123456789abcdef",
		"etc/hosts":                                  "127.0.0.1 builder",
		"etc/resolv.conf":                            "nameserver 192.0.2.1",
		"etc/apt/sources.list":                       "deb http://user:secret@mirror.example/debian trixie main",
		"etc/ssh/ssh_host_ed25519_key":               "a key that all instances would share",
		"etc/ssh/sshd_config":                        "Include /etc/ssh/sshd_config.d/*.conf",
		"etc/default/useradd":                        "SHELL=/bin/sh",
		"run/lock/held":                              "",
		"tmp/left":                                   "",
		"var/log/dpkg.log":                           "today",
		"var/cache/apt/archives/bash.deb":            "deb",
		"var/lib/apt/lists/mirror_Packages":          "",
		"var/lib/dpkg/status":                        "Package: bash",
		"usr/lib/python3/dist-packages/m.py":         "x = 1",
		"usr/lib/python3/__pycache__/m.cpython.pyc":  "\xa7\r\r\n" + strings.Repeat("t", 12) + "code",
		"usr/lib/python3/dist-packages/data.pyc.txt": "not bytecode",
	} {
		put(t, filepath.Join(root, name), content)
	}
	return root
}

// tree renders a folder: the mode, the name, and the content or target of each entry.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, text := strings.TrimPrefix(path, dir+"/"), ""
		switch {
		case info.Mode().IsRegular():
			text = " " + read(t, path)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			all[name] = "-> " + target
			return nil
		}
		all[name] = info.Mode().String() + text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(all, dir)
	return all
}

func TestCustomizeMakesTheSameRootOfEachBuild(t *testing.T) {
	// A builder who keeps their own files private must not make an image that nobody can Read.
	defer syscall.Umask(syscall.Umask(0o077))
	root := rootTree(t)
	before := tree(t, root)
	if err := customize(root, examplePayload()); err != nil {
		t.Fatal(err)
	}
	got := tree(t, root)
	want := map[string]string{
		"etc/hostname":       "-rw-r--r-- localhost\n",
		"etc/machine-id":     "-rw-r--r-- ",
		"etc/resolv.conf":    "-rw-r--r-- ",
		"etc/default/locale": "-rw-r--r-- LANG=C.UTF-8\n",
		"etc/hosts":          "-rw-r--r-- " + fixed["etc/hosts"],

		"etc/sysctl.d/60-holm.conf": "-rw-r--r-- kernel.dmesg_restrict=1\n",
		"usr/lib/holm/holm-agent":   "-rwxr-xr-x agent",
		"usr/lib/holm":              "drwxr-xr-x",
		"etc/sysctl.d":              "drwxr-xr-x",
		"state":                     "drwxr-xr-x",
		"var/lib/docker":            "drwxr-xr-x",
		"etc/systemd/system/sysinit.target.wants/holm-agent.service": "-> /usr/lib/systemd/system/holm-agent.service",

		"etc/ssh/sshd_config":                        before["etc/ssh/sshd_config"],
		"var/lib/dpkg/status":                        before["var/lib/dpkg/status"],
		"usr/lib/python3/dist-packages/data.pyc.txt": before["usr/lib/python3/dist-packages/data.pyc.txt"],
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is %q, want %q", name, got[name], text)
		}
	}
	for _, name := range []string{
		"boot/vmlinuz-6.12.1-cloud-amd64", "run/lock", "tmp/left", "var/log/dpkg.log", "var/cache/apt", "var/lib/apt",
		"etc/apt", "etc/ssh/ssh_host_ed25519_key",
	} {
		if text, ok := got[name]; ok {
			t.Errorf("%s is still there: %s", name, text)
		}
	}
	for _, dir := range []string{"boot", "run", "tmp", "var/log", "var/cache"} {
		if _, ok := got[dir]; !ok {
			t.Errorf("the folder %s is gone: it should only be empty", dir)
		}
	}
}

func TestCustomizeAgainChangesNothing(t *testing.T) {
	root := rootTree(t)
	if err := customize(root, examplePayload()); err != nil {
		t.Fatal(err)
	}
	first := tree(t, root)
	if err := customize(root, examplePayload()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, tree(t, root)); diff != "" {
		t.Errorf("root (-first +again):\n%s", diff)
	}
}

// A package that brings a link out of the root must not make the builder, who is root, write to the host.
func TestCustomizeNeverLeavesItsFolder(t *testing.T) {
	for name, c := range map[string]struct {
		link    string // its target is "OUTSIDE" or a path in it
		target  string
		refused bool
	}{
		"a file that is written":             {"etc/hosts", "OUTSIDE/file", true},
		"a file that is written, relatively": {"etc/hosts", "../../outside/file", true},
		"a file that is removed first":       {"etc/machine-id", "OUTSIDE/file", false},
		"a folder that is emptied":           {"var/log", "OUTSIDE", true},
		"a folder above one that is emptied": {"var", "OUTSIDE", true},
		"a folder that is removed":           {"etc/apt", "OUTSIDE", false},
		"a folder that is written to":        {"etc/sysctl.d", "OUTSIDE", true},
		"a folder above a program":           {"usr/lib/holm", "OUTSIDE", true},
		"a mount point":                      {"state", "OUTSIDE", true},
		"a folder of links":                  {"etc/systemd", "OUTSIDE", true},
		"a link in the place of a link": {
			"etc/systemd/system/sysinit.target.wants/holm-agent.service", "OUTSIDE/file", false,
		},
		"bytecode":         {"usr/lib/python3/evil.pyc", "OUTSIDE/file", false},
		"all of Python":    {"usr/lib/python3", "OUTSIDE", false},
		"a link to itself": {"etc/hosts", "hosts", true},
	} {
		t.Run(name, func(t *testing.T) {
			root := rootTree(t)
			outside := filepath.Join(filepath.Dir(root), "outside")
			put(t, filepath.Join(outside, "file"), "the host's")
			put(t, filepath.Join(outside, "log", "keep"), "the host's")
			put(t, filepath.Join(outside, "module.pyc"), "\xa7\r\r\n the host's bytecode")
			before := tree(t, outside)

			link := filepath.Join(root, c.link)
			if err := os.RemoveAll(link); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(strings.Replace(c.target, "OUTSIDE", outside, 1), link); err != nil {
				t.Fatal(err)
			}
			err := customize(root, examplePayload())
			if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
				t.Errorf("outside of the root (-before +after):\n%s", diff)
			}
			if (err != nil) != c.refused {
				t.Errorf("error is %v, want one: %v", err, c.refused)
			}
		})
	}
}

func TestALinkOfAPackageIsReplacedByHolms(t *testing.T) {
	root := rootTree(t)
	link := filepath.Join(root, "etc/systemd/system/sysinit.target.wants/holm-agent.service")
	put(t, link, "a package's own unit")
	if err := customize(root, examplePayload()); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(link); target != "/usr/lib/systemd/system/holm-agent.service" {
		t.Errorf("the link leads to %q (%v)", target, err)
	}
}
