//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inventory is all that holm may change on a host, one line a thing: libvirt's domains, networks and filters, the
// bridge and what hangs on it, and every file below the state directory. Others may use libvirt at the same time, so of
// its objects only those of these tests count.
func inventory(t *testing.T, state string) []string {
	t.Helper()
	all := []string{}
	for what, args := range map[string][]string{
		"domain": {"list", "--all", "--name"}, "network": {"net-list", "--all", "--name"}, "filter": {"nwfilter-list"},
	} {
		for line := range strings.Lines(virsh(t, args...)) {
			fields := strings.Fields(line)
			if len(fields) == 0 {
				continue
			}
			line = fields[len(fields)-1]
			if strings.HasPrefix(line, netName) || strings.HasPrefix(line, "holm.") && strings.Contains(line, "."+prefix) {
				all = append(all, what+" "+line)
			}
		}
	}
	ports, err := filepath.Glob("/sys/class/net/" + netName + "/brif/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range ports {
		all = append(all, "interface "+filepath.Base(port))
	}
	all = append(all, files(t, state)...)
	slices.Sort(all)
	return all
}

// files lists a state directory with modes and sizes. Some things are no leftovers: the database grows by the audit of
// what was tried, volumes and console logs by what running guests write, locks are never deleted, and kvm.json is what
// holm knows of the host. Owners do not count, because
// libvirt lends an image's kernel to QEMU while a guest runs.
func files(t *testing.T, state string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(state, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(state, file)
		if err != nil || strings.HasPrefix(name, "locks/") || name == "kvm.json" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("file %s %v", name, info.Mode())
		if info.Mode().IsRegular() && name != "holm.db" && !slices.Contains([]string{".qcow2", ".log"}, path.Ext(name)) {
			line += fmt.Sprintf(" %d", info.Size())
		}
		all = append(all, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func virsh(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "virsh", append([]string{"-q", "-c", "qemu:///system"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("virsh %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// unchanged fails the test when anything is there that was not, or is not that was.
func unchanged(t *testing.T, state string, before []string) {
	t.Helper()
	compare(t, before, inventory(t, state))
}

func compare(t *testing.T, before, after []string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(before, "\n"), strings.Join(after, "\n")); diff != "" {
		t.Errorf("something was left behind, or taken away (-before +after):\n%s", diff)
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
