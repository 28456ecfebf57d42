//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// intruding is the variable that makes this program try what its value names, one "HOW PATH" a line, as the user that it
// runs as, and print what the kernel says to each.
const intruding = "HOLM_E2E_INTRUDE"

// intrude is that program. It returns false when it was not asked for.
func intrude() bool {
	list, asked := os.LookupEnv(intruding)
	if !asked {
		return false
	}
	for line := range strings.Lines(list) {
		how, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		word := "open"
		if errno := new(syscall.Errno); errors.As(intrusion(how, what), errno) {
			word = unix.ErrnoName(*errno)
		}
		_, _ = fmt.Fprintln(os.Stdout, word, how, what)
	}
	return true
}

func intrusion(how, what string) error {
	switch how {
	case "read", "write":
		flags := os.O_RDONLY
		if how == "write" {
			flags = os.O_WRONLY
		}
		f, err := os.OpenFile(what, flags, 0)
		if err != nil {
			return err
		}
		return f.Close()
	case "connect":
		conn, err := net.DialTimeout("unix", what, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	case "trace":
		var pid int
		if _, err := fmt.Sscan(what, &pid); err != nil {
			return err
		}
		return unix.PtraceSeize(pid) // it ends with this process
	}
	return errors.New("nobody knows how to " + how)
}

// tries runs the attempts as a user, in the group of that number and no other.
func tries(t *testing.T, uid uint32, attempts []string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), intruder(t))
	cmd.Env = []string{intruding + "=" + strings.Join(attempts, "\n")}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("as user %d: %v", uid, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// intruder is this program, where every user can run it.
func intruder(t *testing.T) string {
	t.Helper()
	path := filepath.Join(binDir, "intruder")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close() //nolint:errcheck // read only
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// testUsers has the user of one tenant, web's, try all that the QEMU of another has open, while both run the same image: as soon
// as it runs, and, by what is returned, when it is ready.
func testUsers(t *testing.T, victim, tenant string) (ready func(*testing.T)) {
	t.Helper()
	theirs := []string{"--tenant", tenant}
	other := show(t, web).UID
	pid := awaitQEMU(t, "holm."+tenant+"."+victim)
	early := show(t, victim, theirs...)
	t.Run("another tenant's user reaches nothing of it while the seed is there", func(t *testing.T) {
		breakIn(t, early, other, pid, "read "+filepath.Join(stateDir, "instances", early.ID, "seed.iso"))
	})
	return func(t *testing.T) {
		breakIn(t, show(t, victim, theirs...), other, pid)
		for name, flags := range map[string][]string{victim: theirs, web: nil} {
			verified := holm(append([]string{"verify", name}, flags...)...).must(t)
			for _, id := range []string{"qemu-user\tpass", "tenant-walls\tpass", "domain-as-asked\tpass"} {
				if !strings.Contains(verified, id) {
					t.Errorf("%s of %s is not in:\n%s", id, name, verified)
				}
			}
		}
	}
}

// awaitQEMU waits until a domain runs, and returns its process.
func awaitQEMU(t *testing.T, domain string) string {
	t.Helper()
	for range 600 {
		if pid, err := os.ReadFile("/run/libvirt/qemu/" + domain + ".pid"); err == nil {
			return strings.TrimSpace(string(pid))
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	t.Fatalf("%s does not run", domain)
	return ""
}

// breakIn tries everything as the other user, and as the one who may.
func breakIn(t *testing.T, v view, other uint32, pid string, more ...string) {
	dir := filepath.Join(stateDir, "instances", v.ID)
	volume := filepath.Join(dir, "state.qcow2")
	sockets := socketsOf(t, v.Domain)
	attempts := append([]string{
		"read " + volume, "write " + volume, "read " + filepath.Join(dir, "console.log"),
		"read /proc/" + pid + "/mem", "read /proc/" + pid + "/environ", "read /proc/" + pid + "/maps", "trace " + pid,
	}, more...)
	for _, socket := range sockets {
		attempts = append(attempts, "connect "+socket)
	}
	if v.UID == 0 || other == 0 || v.UID == other {
		t.Fatalf("the tenants' users are %d and %d", v.UID, other)
	}
	for _, line := range tries(t, other, attempts) {
		// The kernel has a word of its own for tracing.
		if !strings.HasPrefix(line, "EACCES ") && !strings.HasPrefix(line, "EPERM trace ") {
			t.Errorf("another tenant's user: %s", line)
		}
	}
	// That it was the user that kept it out, and nothing else: the owner may, and root.
	may := append([]string{"read " + volume, "write " + volume}, more...)
	for _, line := range tries(t, v.UID, may) {
		if !strings.HasPrefix(line, "open ") {
			t.Errorf("its own user: %s", line)
		}
	}
	for _, line := range tries(t, 0, slices.DeleteFunc(slices.Clone(attempts), func(a string) bool { return strings.HasPrefix(a, "connect ") })) {
		if !strings.HasPrefix(line, "open ") {
			t.Errorf("root: %s", line)
		}
	}
	image := filepath.Join(stateDir, "images", "sha256", strings.TrimPrefix(v.Image, "sha256:"))
	for _, line := range tries(t, v.UID, []string{"write " + image + "/vmlinuz", "write " + image + "/initrd", "write " + image + "/root.img", "read " + filepath.Join(dir, "console.log")}) {
		if !strings.HasPrefix(line, "EACCES ") {
			t.Errorf("its own user: %s", line)
		}
	}
}

// socketsOf are the monitor's and the channels' of a running domain, at the paths that libvirt gave them.
func socketsOf(t *testing.T, domain string) []string {
	t.Helper()
	id, err := exec.CommandContext(t.Context(), "virsh", "-q", "-c", "qemu:///system", "domid", domain).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, pattern := range []string{"/var/lib/libvirt/qemu/domain-%s-*/monitor.sock", "/var/lib/libvirt/qemu/channel/target/domain-%s-*/*", "/run/libvirt/qemu/channel/%s-*/*"} {
		found, err := filepath.Glob(fmt.Sprintf(pattern, strings.TrimSpace(string(id))))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 2 {
		t.Fatalf("libvirt's sockets of %s are not where they were: %q", domain, all)
	}
	return all
}
