//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"holm/provisioner/hypervisor"
)

// What the noisy instance may take: of CPU less than its vCPUs would, and of its disk.
const (
	noisyPercent = 120 // of one CPU
	noisyMBps    = 5
)

var noisyFlavor = []string{"--cpus", "2", "--memory", "512M", "--disk", "10G", "--cpu-quota", strconv.Itoa(noisyPercent), "--bandwidth", strconv.Itoa(noisyMBps)}

// noise takes all of the CPUs and of the disk that it gets, until silence.
const (
	noise = `head -c 16M /dev/urandom >/dev/shm/block
make() { setsid sh -c "while :; do $1; done" >/dev/null 2>&1 </dev/null & echo $! >>/dev/shm/noise; }
make :; make :; make "dd if=/dev/shm/block of=/home/ops/noise bs=1M oflag=direct,dsync"`
	silence = `for group in $(cat /dev/shm/noise); do kill -- -$group || exit; done; rm -f /home/ops/noise /dev/shm/block`
)

// testNoisy has one instance burn what it can and sees that it gets no more than it may, while the other one works. How fast
// that one still is depends on the machine; "make bench" measures it.
func testNoisy(t *testing.T, quiet, noisy string, flags []string) {
	work := func() time.Duration {
		begun := time.Now()
		holm("exec", quiet, "--", "sh", "-c", "head -c 8M /dev/zero | sha256sum && dd if=/dev/zero of=/home/ops/probe bs=4k count=100 oflag=dsync").must(t)
		return time.Since(begun)
	}
	work() // the first one finds a guest that has just booted
	alone := work()
	exec := append(append([]string{"exec"}, flags...), noisy, "--", "sh", "-c")
	holm(append(exec, noise)...).must(t)
	t.Cleanup(func() {
		if quiet := holm(append(exec, silence)...).do(context.Background()); quiet.code != 0 {
			t.Errorf("it goes on: exit %d\n%s", quiet.code, quiet.stderr)
		}
	})

	begun, before := time.Now(), taken(t, noisy, flags)
	throttled := throttling(t, show(t, noisy, flags...).Domain)
	var beside time.Duration
	for time.Since(begun) < 10*time.Second {
		beside = work()
	}
	after := taken(t, noisy, flags)
	elapsed := time.Since(begun).Seconds()

	cpus := float64(after.CPUTimeNS-before.CPUTimeNS) / 1e9 / elapsed
	mbps := (wrote(after) - wrote(before)) / 1e6 / elapsed
	t.Logf("the noisy one took %.2f CPUs and wrote %.1f MB/s; the quiet one's work took %v, and %v alone", cpus, mbps, beside, alone)
	const slack = 1.1 // quotas are counted in periods, and a second of a burst may have been saved
	if cpus > slack*noisyPercent/100 {
		t.Errorf("it took %.2f CPUs and may take %d %% of one", cpus, noisyPercent)
	}
	if mbps > slack*noisyMBps || mbps == 0 {
		t.Errorf("it wrote %.2f MB/s and may write %d", mbps, noisyMBps)
	}
	if now := throttling(t, show(t, noisy, flags...).Domain); now <= throttled {
		t.Errorf("it was never held back (%d times, and %d before): it did not want more than it may have, and this proves nothing", now, throttled)
	}
}

func taken(t *testing.T, name string, flags []string) hypervisor.Stats {
	t.Helper()
	var all struct {
		Instances []struct{ Stats hypervisor.Stats }
	}
	decode(t, holm(append([]string{"stats", name, "-o", "json"}, flags...)...).must(t), &all)
	return all.Instances[0].Stats
}

func wrote(s hypervisor.Stats) (bytes float64) {
	for _, d := range s.Disks {
		bytes += float64(d.WriteBytes)
	}
	return bytes
}

var (
	cpuGroup  = regexp.MustCompile(`(?m)^\d+:(?:(?:.*,)?cpu(?:,.*)?)?:(/.*qemu[^/\n]*)`)
	throttles = regexp.MustCompile(`(?m)^nr_throttled (\d+)$`)
)

// throttling is how often the kernel has held a domain back so far.
func throttling(t *testing.T, domain string) int {
	t.Helper()
	pid := strings.TrimSpace(readFile(t, "/run/libvirt/qemu/"+domain+".pid"))
	for _, group := range cpuGroup.FindAllStringSubmatch(readFile(t, "/proc/"+pid+"/cgroup"), -1) {
		for _, root := range []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"} {
			content, err := os.ReadFile(filepath.Join(root, group[1], "cpu.stat"))
			if found := throttles.FindSubmatch(content); err == nil && found != nil {
				n, err := strconv.Atoi(string(found[1]))
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatalf("process %s is in no cgroup that counts", pid)
	return 0
}

// testFlood has a guest write more to its console than virtlogd keeps.
func testFlood(t *testing.T, v view) {
	const flooded, kept = "9M", 8 << 20
	holm("exec", v.Name, "--", "sudo", "sh", "-c", "head -c "+flooded+" /dev/zero | tr '\\0' x >/dev/ttyS0").must(t)
	logs, err := filepath.Glob(filepath.Join(stateDir, "instances", v.ID, "console.log*"))
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, log := range logs {
		info, err := os.Stat(log)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	t.Logf("%d files of %d bytes are left of %s", len(logs), size, flooded)
	if len(logs) < 2 || size > kept {
		t.Errorf("its console fills %d bytes in %d files, and may fill %d", size, len(logs), kept)
	}
}
