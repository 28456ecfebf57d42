package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/provisioner/doctor/tiny"
)

// host is a machine in a directory: a healthy one, until a test breaks something.
type host struct {
	t *testing.T
	Options
	info    LibvirtInfo
	down    error           // libvirt's answer
	missing map[string]bool // programs
	boots   map[string]error
	network map[string]error // by program
	rules   string           // of all firewalls, as nft lists them
	unread  error
	version string
	free    uint64
	synced  bool
	clock   error
	euid    int
}

const svmCPU = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu svm\n\nprocessor\t: 1\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu svm\n"

func healthyHost(t *testing.T) *host {
	t.Helper()
	h := &host{
		t: t, info: LibvirtInfo{LibvirtVersion: "11.3.0", QEMUVersion: "10.0.2", SecurityModels: []string{"apparmor", "dac"}},
		missing: map[string]bool{}, boots: map[string]error{}, network: map[string]error{},
		rules: `{"nftables": []}`, free: 100 * gib, synced: true, euid: os.Geteuid(),
	}
	h.Root = t.TempDir()
	h.chmod("/", 0o755)
	for path, text := range map[string]string{
		"/etc/os-release": "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"13\"\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n",
		"/etc/passwd":     "root:x:0:0::/root:/bin/sh\nlibvirt-qemu:x:64055:107::/var/lib/libvirt:/usr/sbin/nologin\n",
		"/etc/group":      "kvm:x:107:\nusers:x:4000:somebody,libvirt-qemu\n",
		qemuConf:          "#seccomp_sandbox = 0\n#security_driver = \"selinux\"\n",
		abstraction:       "# Site-specific additions\n",
		"/proc/cpuinfo":   svmCPU,
		"/proc/meminfo":   "MemTotal:       16777216 kB\nMemFree: 1 kB\n",
		"/proc/cmdline":   "root=/dev/sda1 quiet",
		"/proc/swaps":     "Filename\tType\tSize\tUsed\tPriority\n",
		"/proc/net/route": routeHead + "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
		"/proc/sys/net/ipv6/conf/all/disable_ipv6": "0\n",
		"/proc/sys/kernel/hostname":                "fjell01\n",
		"/proc/sys/kernel/seccomp/actions_avail":   "kill_process kill_thread trap errno\n",
		"/run/systemd/system/.keep":                "",
		"/sys/fs/cgroup/cgroup.controllers":        "cpuset cpu io memory pids\n",
		ksmRun:                                     "0\n",
		ksmShared:                                  "0\n",
		"/sys/devices/system/cpu/smt/active":       "0\n",
		vulnerabilities + "/meltdown":              "Not affected\n",
		vulnerabilities + "/mds":                   "Mitigation: Clear CPU buffers; SMT vulnerable\n",
		"/sys/module/apparmor/parameters/enabled":  "Y\n",
		"/sys/module/kvm_amd/parameters/nested":    "0\n",
	} {
		h.write(path, text)
	}
	h.device("/dev/kvm")
	h.device("/dev/net/tun")
	h.mkdir("/var/lib/holm")
	h.chmod("/var/lib/holm", stateMode)
	h.wire()
	return h
}

func (h *host) wire() {
	h.Libvirt = func(context.Context) (LibvirtInfo, error) { return h.info, h.down }
	h.Look = func(program string) (string, error) {
		if h.missing[program] {
			return "", errors.New("not installed")
		}
		return program, nil
	}
	h.Probes = Probes{
		Boot: func(_ context.Context, _, accel string) (tiny.Outcome, error) {
			return tiny.Outcome{Reached: tiny.Marker, Elapsed: 420 * time.Millisecond}, h.boots[accel]
		},
		Namespace:    func(_ context.Context, program string, _ ...string) error { return h.network[program] },
		Ruleset:      func(context.Context) ([]byte, error) { return []byte(h.rules), h.unread },
		Version:      func(context.Context, string) (string, error) { return h.version, nil },
		Free:         func(string) (uint64, error) { return h.free, nil },
		Synchronised: func() (bool, error) { return h.synced, h.clock },
		Euid:         func() int { return h.euid },
	}
}

func (h *host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) mkdir(path string) {
	h.t.Helper()
	h.must(os.MkdirAll(filepath.Join(h.Root, path), 0o755))
}

func (h *host) write(path, text string) {
	h.t.Helper()
	h.mkdir(filepath.Dir(path))
	h.must(os.WriteFile(filepath.Join(h.Root, path), []byte(text), 0o600))
}

func (h *host) remove(path string) {
	h.t.Helper()
	h.must(os.RemoveAll(filepath.Join(h.Root, path)))
}

func (h *host) chmod(path string, mode fs.FileMode) {
	h.t.Helper()
	h.must(os.Chmod(filepath.Join(h.Root, path), mode))
}

// device puts a character device there that opens: the null device stands for all.
func (h *host) device(path string) {
	h.t.Helper()
	h.mkdir(filepath.Dir(path))
	h.must(os.Symlink("/dev/null", filepath.Join(h.Root, path)))
}

// check runs one check.
func (h *host) check(id string) Result {
	h.t.Helper()
	for _, c := range checks() {
		if c.id == id {
			return newEnv(h.t.Context(), h.Options).within(h.t.Context(), c)
		}
	}
	h.t.Fatalf("there is no check %q", id)
	return Result{}
}

// scene is one host and what one check says of it.
type scene struct {
	host   string // what is special about it
	with   func(*host)
	status Status
	found  string
	remedy string
}

func play(t *testing.T, id string, scenes []scene) {
	t.Helper()
	for _, s := range scenes {
		t.Run(s.host, func(t *testing.T) {
			h := healthyHost(t)
			if s.with != nil {
				s.with(h)
			}
			want := Result{ID: id, Status: s.status, Found: s.found, Remedy: s.remedy}
			if diff := cmp.Diff(want, h.check(id)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
