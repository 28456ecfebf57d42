package arrays

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	madeUUID = "MD_LEVEL=raid10\nMD_UUID=0f0f0f0f:1a1a1a1a:2b2b2b2b:3c3c3c3c\n"
	fsUUID   = "6ba7b810-9dad-11d1-80b4-00c04fd430c8\n"
)

// machine is one that is made up of files: four drives that hold nothing, and programs that do what the real ones do to it.
type machine struct {
	t      *testing.T
	root   string
	ran    []string
	fail   string // a command line that begins so fails
	wipefs map[string]string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), wipefs: map[string]string{}}
	m.file("/proc/self/mountinfo", "")
	m.file("/proc/swaps", "Filename\tType\n")
	m.file("/etc/mdadm/mdadm.conf", "HOMEHOST <system>")
	m.dir("/run/systemd/system")
	m.dir("/etc/systemd/system")
	m.dir("/dev/md")
	m.dir("/srv")
	for n := range 4 {
		m.drive(fmt.Sprintf("nvme%dn1", n), n, 8<<20)
	}
	return m
}

func (m *machine) drive(name string, minor int, size int64) {
	m.t.Helper()
	sys := "/sys/class/block/" + name
	m.file(sys+"/size", fmt.Sprint(size/512))
	m.file(sys+"/dev", fmt.Sprintf("259:%d", minor))
	m.file(sys+"/device/model", "QEMU NVMe Ctrl")
	m.file(sys+"/device/serial", "S"+fmt.Sprint(minor))
	m.dir(sys + "/holders")
	m.file("/dev/"+name, "")
	if err := os.Truncate(m.path("/dev/"+name), 2<<20); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) path(p string) string { return filepath.Join(m.root, p) }

func (m *machine) dir(path string) {
	m.t.Helper()
	if err := os.MkdirAll(m.path(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) file(path, content string) {
	m.t.Helper()
	m.dir(filepath.Dir(path))
	if err := os.WriteFile(m.path(path), []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// write puts something on a drive.
func (m *machine) write(drive string, at int64, what string) {
	m.t.Helper()
	f, err := os.OpenFile(m.path(drive), os.O_WRONLY, 0)
	if err != nil {
		m.t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(what), at)
	if err := errors.Join(err, f.Close()); err != nil {
		m.t.Fatal(err)
	}
}

// run plays the programs. A command fails before it has done anything, as the worst case after it has is the next one.
func (m *machine) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	line := name + " " + strings.Join(args, " ")
	if name != "wipefs" || args[0] == "--all" {
		m.ran = append(m.ran, line)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if m.fail != "" && strings.HasPrefix(line, m.fail) {
		return nil, errors.New(name + " said no")
	}
	const array = "/dev/md/fast"
	switch {
	case strings.HasPrefix(line, "mdadm --create"):
		m.file(array, "")
		for _, drive := range args[len(args)-4:] {
			m.file(drive+".superblock", "")
			m.write(drive, 8<<10, "bitm") // --zero-superblock leaves it
		}
	case strings.HasPrefix(line, "mdadm --stop"):
		return nil, os.Remove(m.path(array))
	case strings.HasPrefix(line, "mdadm --examine"):
		_, err := os.Stat(m.path(args[len(args)-1] + ".superblock"))
		return nil, err
	case strings.HasPrefix(line, "mdadm --zero-superblock"):
		return nil, os.Remove(m.path(args[len(args)-1] + ".superblock"))
	case strings.HasPrefix(line, "mdadm --detail"):
		return []byte(madeUUID), nil
	case name == "blkid":
		return []byte(fsUUID), nil
	case strings.HasPrefix(line, "wipefs --json"):
		return []byte(m.wipefs[args[len(args)-1]]), nil
	}
	return nil, nil
}

func (m *machine) builder() Builder { return Builder{Root: m.root, Run: m.run} }

// inventory is every file with its content.
func (m *machine) inventory() []string {
	m.t.Helper()
	var all []string
	err := filepath.WalkDir(m.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		line := strings.TrimPrefix(path, m.root)
		if !d.IsDir() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += " " + strings.Trim(string(content), "\x00\n")
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func fast() Spec {
	return Spec{
		Name: "fast", Level: Raid10, Mount: "/srv/holm", FS: XFS,
		Drives: []string{"/dev/nvme0n1", "/dev/nvme1n1", "/dev/nvme2n1", "/dev/nvme3n1"},
	}
}
