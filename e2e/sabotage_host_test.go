//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hostSabotage is what somebody with root on the host breaks of a running instance. Each mends itself.
func hostSabotage(t *testing.T, name string) []sabotage {
	t.Helper()
	v := show(t, name)
	dir := filepath.Join(stateDir, "instances", v.ID)
	return []sabotage{
		{
			name: "a filter taken away", checks: "domain-as-asked card-filter",
			host: func(t *testing.T) {
				nic := element(t, v.Domain, "interface")
				bare := regexp.MustCompile(`(?s)<filterref.*?</filterref>`).ReplaceAll(nic, nil)
				update(t, v.Domain, bare)
				t.Cleanup(func() { update(t, v.Domain, nic) })
			},
		},
		{
			name: "a port that is no longer isolated", checks: "card-isolated",
			host: func(t *testing.T) {
				setting(t, filepath.Join("/sys/class/net", tapOf(t, v.Domain), "brport/isolated"), "0")
			},
		},
		{
			name: "a rule that lets everybody through", checks: "network-walls",
			host: func(t *testing.T) {
				bridge := strings.TrimSpace(filepath.Base(readLink(t, filepath.Join("/sys/class/net", tapOf(t, v.Domain), "master"))))
				command(t, "nft", "insert", "rule", "inet", "holm."+bridge, "to-host", "accept")
				t.Cleanup(func() { // as the timer does
					if o := holm("pool", "check", "--news").do(context.Background()); o.code != 0 {
						t.Errorf("pool check: exit %d\n%s", o.code, o.stderr)
					}
				})
			},
		},
		{
			name: "a kernel that is not the image's", checks: "kernel-of-image",
			host: func(t *testing.T) {
				file := filepath.Join(stateDir, "images", "sha256", strings.TrimPrefix(v.Image, "sha256:"), "vmlinuz")
				info, err := os.Stat(file)
				if err != nil {
					t.Fatal(err)
				}
				f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := f.Truncate(info.Size()); err != nil {
						t.Error(err)
					}
					_ = f.Close()
				})
				if _, err := f.WriteString("x"); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "a seed that is still there", checks: "seed-gone",
			host: func(t *testing.T) {
				seed := filepath.Join(dir, "seed.iso")
				if err := os.WriteFile(seed, []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.Remove(seed) })
			},
		},
		{
			name: "QEMU out of its cgroup", checks: "qemu-cgroup",
			host: func(t *testing.T) {
				pid := strings.TrimSpace(readFile(t, "/run/libvirt/qemu/"+v.Domain+".pid"))
				mount, group := memoryGroup(t, pid)
				move := func(to string) error {
					return os.WriteFile(filepath.Join(mount, to, "cgroup.procs"), []byte(pid), 0)
				}
				if err := move("/"); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := move(group); err != nil {
						t.Error(err)
					}
				})
			},
		},
	}
}

// tapOf is the host's end of an instance's network card.
func tapOf(t *testing.T, domain string) string {
	t.Helper()
	fields := strings.Fields(virsh(t, "domiflist", domain))
	if len(fields) == 0 {
		t.Fatalf("%s has no network card", domain)
	}
	return fields[0]
}

func readLink(t *testing.T, path string) string {
	t.Helper()
	to, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// memoryGroup is where the cgroup that limits a process's memory lies: its hierarchy's mount, and its path there.
func memoryGroup(t *testing.T, pid string) (mount, group string) {
	t.Helper()
	for line := range strings.Lines(readFile(t, "/proc/"+pid+"/cgroup")) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case fields[1] == "memory":
			return "/sys/fs/cgroup/memory", fields[2]
		case fields[1] == "" && fields[2] != "/":
			mount, group = "/sys/fs/cgroup", fields[2]
		}
	}
	if mount == "" {
		t.Fatal("QEMU is in no cgroup of its own")
	}
	return mount, group
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// element is the XML of the first device of that kind in the live machine.
func element(t *testing.T, domain, kind string) []byte {
	t.Helper()
	text := []byte(virsh(t, "dumpxml", domain))
	dec := xml.NewDecoder(bytes.NewReader(text))
	for {
		from := dec.InputOffset()
		token, err := dec.Token()
		if err != nil {
			t.Fatalf("the machine has no %s: %v", kind, err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == kind {
			if err := dec.Skip(); err != nil {
				t.Fatal(err)
			}
			return text[from:dec.InputOffset()]
		}
	}
}

// update changes a device of the running machine.
func update(t *testing.T, domain string, device []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "device.xml")
	if err := os.WriteFile(file, device, 0o600); err != nil {
		t.Fatal(err)
	}
	virsh(t, "update-device", domain, file, "--live")
}
