package rootfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"holm/internal/fault"
)

// Privilege is a program that does more than whoever starts it may.
type Privilege struct {
	File string `json:"file"` // absolute path
	By   string `json:"by"`   // "setuid root", or the capabilities of the file: "cap_setuid"
	Why  string `json:"why"`
}

// grant is a program that keeps a privilege: the bit that Debian gives it, or the one capability in the bit's place.
type grant struct {
	file string
	caps uint32 // bits of the file's capabilities; 0 is setuid root
	by   string
	why  string
}

// grants are all programs of an image with a privilege.
var grants = []grant{
	{"usr/bin/sudo", 0, "setuid root", "the way from the instance's login to root, for that login alone"},
	{"usr/bin/newuidmap", 1 << unix.CAP_SETUID, "cap_setuid", "rootless containers map the user numbers of /etc/subuid"},
	{"usr/bin/newgidmap", 1 << unix.CAP_SETGID, "cap_setgid", "rootless containers map the group numbers of /etc/subgid"},
}

// ungranted are Debian's other programs with a privilege, and why an instance works without it.
var ungranted = map[string]string{
	"usr/bin/chage":     "no account has a password that could expire",
	"usr/bin/expiry":    "no account has a password that could expire",
	"usr/bin/chfn":      "the seed says who a person is",
	"usr/bin/chsh":      "sudo chsh does the same",
	"usr/bin/gpasswd":   "groups have no passwords",
	"usr/bin/newgrp":    "groups have no passwords",
	"usr/bin/passwd":    "no account has a password",
	"usr/bin/su":        "no account has a password that su could ask for; sudo does the same",
	"usr/bin/mount":     "nothing in fstab is for users; containers mount in their own namespace",
	"usr/bin/umount":    "nothing in fstab is for users; containers unmount in their own namespace",
	"usr/bin/ssh-agent": "kernel.yama.ptrace_scope protects every process as this does one",

	"usr/lib/dbus-1.0/dbus-daemon-launch-helper": "systemd starts the services of the system bus",
	"usr/lib/openssh/ssh-keysign":                "no host logs in as a host",
	"usr/lib/polkit-1/polkit-agent-helper-1":     "there is no password to ask for",
	"usr/sbin/unix_chkpwd":                       "no account has a password; sshd and sudo are root when they ask for the account",
}

const capabilityAttr = "security.capability"

// SettlePrivileges takes the setuid and setgid bits and capabilities from every program but those of grants, and returns what
// is left. A program that neither table knows stops the build: somebody has to judge it first.
func SettlePrivileges(dir string) ([]Privilege, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	found, err := privileged(root, dir)
	if err != nil {
		return nil, err
	}
	var left []Privilege
	for _, file := range found {
		g, ok := granted(file)
		if _, known := ungranted[file]; !ok && !known {
			return nil, fault.New(fault.Failure, "judge it in images/rootfs/privileges.go, and build holm again",
				"a package brought a program with a privilege that nobody has judged: /%s", file)
		}
		if err := settle(root, file, g, ok); err != nil {
			return nil, fmt.Errorf("settle the privileges of /%s: %w", file, err)
		}
		if ok {
			left = append(left, Privilege{File: "/" + file, By: g.by, Why: g.why})
		}
	}
	return left, nil
}

func granted(file string) (grant, bool) {
	for _, g := range grants {
		if g.file == file {
			return g, true
		}
	}
	return grant{}, false
}

// privileged lists the programs that have a privilege, in the order of their names.
func privileged(root *os.Root, dir string) ([]string, error) {
	var found []string
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		has := info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0
		if !has {
			// The walk does not follow links, and nobody else writes to the folder of a build.
			_, err := unix.Lgetxattr(filepath.Join(dir, name), capabilityAttr, nil)
			switch {
			case err == nil:
				has = true
			case !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP):
				return fmt.Errorf("read the capabilities of /%s: %w", name, err)
			}
		}
		if has {
			found = append(found, name)
		}
		return nil
	})
	return found, err
}

// settle gives a program the privilege of its grant, or none.
func settle(root *os.Root, file string, g grant, keep bool) error {
	f, err := root.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	if keep && g.caps == 0 {
		mode |= fs.ModeSetuid
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if !keep || g.caps == 0 {
		if err := unix.Fremovexattr(int(f.Fd()), capabilityAttr); err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.ENOTSUP) {
			return err
		}
		return nil
	}
	return unix.Fsetxattr(int(f.Fd()), capabilityAttr, capabilities(g.caps), 0)
}

// capabilities encodes what capabilities(7) calls VFS_CAP_REVISION_2: permitted and, once the program runs, effective.
func capabilities(caps uint32) []byte {
	const revision2, effective = 0x02000000, 1
	content := make([]byte, 0, 20)
	for _, word := range []uint32{revision2 | effective, caps, 0, 0, 0} {
		content = binary.LittleEndian.AppendUint32(content, word)
	}
	return content
}

// PrivilegeTables renders both tables for the digest of a build's inputs.
func PrivilegeTables() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "grants %q ungranted %q", fmt.Sprint(grants), ungranted)
	return b.String()
}
