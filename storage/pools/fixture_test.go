package pools

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// machine is a made-up /sys and /proc.
type machine struct {
	t    *testing.T
	root string
	next int // minor number
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, root: t.TempDir()}
	m.file("/proc/self/mountinfo", "")
	return m
}

func (m *machine) file(path, content string) {
	m.t.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content+"\n"), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) link(from, to string) {
	m.t.Helper()
	from = filepath.Join(m.root, from)
	to, err := filepath.Rel(filepath.Dir(from), filepath.Join(m.root, to))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(from), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(to, from); err != nil {
		m.t.Fatal(err)
	}
}

// device makes a block device in a folder below /sys/devices, with files, and returns its number.
func (m *machine) device(dir string, files map[string]string) string {
	m.t.Helper()
	dir = "/sys/devices/" + dir
	m.next++
	number := fmt.Sprintf("259:%d", m.next)
	m.file(dir+"/size", "2097152")
	for name, content := range files {
		m.file(dir+"/"+name, content)
	}
	m.link("/sys/class/block/"+filepath.Base(dir), dir)
	m.link("/sys/dev/block/"+number, dir)
	return number
}

func (m *machine) nvme(n int) {
	m.device(fmt.Sprintf("pci0000:00/nvme/nvme%d/nvme%dn1", n, n), map[string]string{
		"queue/rotational": "0", "queue/write_cache": "write back", "queue/discard_max_bytes": "2199023255040",
		"device/transport": "pcie", "device/model": "QEMU NVMe Ctrl", "device/serial": fmt.Sprintf("holm%d", n),
	})
}

func (m *machine) disk(name string) string {
	return m.device("pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/"+name, map[string]string{
		"queue/rotational": "1", "device/model": "WDC", "queue/write_cache": "write back",
	})
}

// array makes an md array; a member is "name state".
func (m *machine) array(slots int, files map[string]string, members ...string) string {
	all := map[string]string{
		"md/level": "raid10", "md/raid_disks": fmt.Sprint(slots), "md/degraded": fmt.Sprint(slots - len(members)),
		"md/array_state": "clean", "md/sync_action": "idle", "md/sync_completed": "none",
	}
	for _, member := range members {
		name, state, _ := strings.Cut(member, " ")
		all["md/dev-"+name+"/state"] = state
		all["slaves/"+name+"/x"] = ""
	}
	maps.Copy(all, files)
	return m.device("virtual/block/md0", all)
}

// mount is a file system at /srv/holm.
func (m *machine) mount(number, fstype, source string) {
	m.t.Helper()
	m.file("/proc/self/mountinfo", fmt.Sprintf("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 20 %s / /srv/holm rw,relatime - %s %s rw", number, fstype, source))
}

const fsUUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

func (m *machine) looker() Looker {
	return Looker{
		Root: m.root,
		Run: func(_ context.Context, name string, args ...string) ([]byte, error) {
			if name != "blkid" || strings.Contains(args[len(args)-1], "..") {
				return nil, errors.New("unexpected: " + name)
			}
			return []byte(fsUUID + "\n"), nil
		},
		Statfs: func(_ string, s *unix.Statfs_t) error {
			s.Bsize, s.Blocks, s.Bavail = 4096, 1000, 400
			return nil
		},
	}
}

// raid10 is four NVMe drives in an array, mounted at /srv/holm.
func raid10(t *testing.T, files map[string]string, members ...string) *machine {
	m := newMachine(t)
	for n := range 4 {
		m.nvme(n)
	}
	m.mount(m.array(4, files, members...), "xfs", "/dev/md0")
	return m
}
