//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// pooled is the instance that the tests of pools share: profile plain, flavor tiny, on a file system of its own.
const pooled = prefix + "pooled"

// poolView is what "holm pool show -o json" says, as far as these tests look at it.
type poolView struct {
	Name   string
	Health struct{ Status, Why string }

	Free     uint64 `json:"free_bytes"`
	Promised uint64 `json:"promised_bytes"`
	Peak     uint64 `json:"promised_peak_bytes"`
}

// fileSystem makes an XFS in a file of that many MiB, and mounts it at dir until the test ends.
func fileSystem(t *testing.T, dir, name string, mib int64) (file string) {
	t.Helper()
	file = filepath.Join(stateDir+"-pools", name+".img")
	f, err := os.Create(file)
	if err == nil {
		err = errors.Join(f.Truncate(mib<<20), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	command(t, "mkfs.xfs", "-q", file)
	mountImage(t, file, dir)
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return file
}

func mountImage(t *testing.T, file, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	command(t, "mount", "-o", "loop", file, dir)
}

func TestWhatIsNoPoolIsRefused(t *testing.T) {
	dir := scratch(t, "pools")
	place := filepath.Join(dir, "srv")
	fileSystem(t, place, "slow", 400)
	badPools(t, dir, place)
}

// TestPools holds one instance against what can become of the file system under it.
func TestPools(t *testing.T) {
	beside(t, nil)
	dir := scratch(t, "pools")
	place := filepath.Join(dir, "srv")
	file := fileSystem(t, place, "fast", 1600)
	holm("pool", "add", "e2e-fast", place, "--backend", "reflink", "--overcommit", "3").must(t)
	t.Cleanup(func() {
		for _, args := range [][]string{{"rm", "--yes", "--give-up-volume", pooled}, {"pool", "rm", "--yes", "e2e-fast"}} {
			if rm := holm(args...).do(context.Background()); rm.code != 0 && rm.code != 4 {
				t.Errorf("%s stays: %s", args[len(args)-1], rm.stderr)
			}
		}
	})
	// A size of its own, whose limits libvirt has to take, and a check compares with what runs.
	holm("flavor", "set", "e2e-limited", "--cpus", "1", "--memory", "512M", "--disk", "1G",
		"--cpu-weight", "80", "--cpu-quota", "400", "--iops", "50000", "--iops-burst", "60000", "--bandwidth", "1000", "--burst-seconds", "10").must(t)
	holm("create", pooled, "--profile", "plain", "--flavor", "e2e-limited", "--pool", "e2e-fast").must(t)
	if live := virsh(t, "schedinfo", "holm.default."+pooled) + virsh(t, "blkdeviotune", "holm.default."+pooled, "vdb"); !regexp.MustCompile(
		`(?s)cpu_shares\s*: 80\n.*global_quota\s*: 400000\n.*total_iops_sec\s*: 50000\n`).MatchString(live) {
		t.Errorf("the kernel and QEMU were told something else:\n%s", live)
	}
	before := show(t, pooled)
	if _, err := os.Stat(filepath.Join(place, "holm", before.ID+".raw")); err != nil {
		t.Errorf("the volume is not in its pool: %v", err)
	}
	for _, step := range []struct {
		name string
		run  func(t *testing.T, place, file string)
	}{
		{"a disk grows under a running guest, also after a resize that died", testGrow},
		{"a size that cannot be is refused", testSizes},
		{"a guest without space is paused, and goes on without a lost byte", testNoSpace},
		{"what is missing or another file system is no pool", testGone},
		{"what ran is started again when the pool is back", testBack},
		{"a pool in use stays", testInUse},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, place, file) }) {
			return // what follows builds on it
		}
	}
	after := show(t, pooled)
	if before.HostKey != after.HostKey || before.MachineID != after.MachineID || before.Address != after.Address || after.HostKey == "" {
		t.Errorf("it is another instance now: %+v, was %+v", after, before)
	}
	holm("rm", "--yes", pooled).must(t)
	holm("pool", "rm", "--yes", "e2e-fast").must(t)
	holm("flavor", "reset", "e2e-limited").must(t)
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		t.Errorf("left in the file system are %v, %v", left, err)
	}
}

func badPools(t *testing.T, dir, place string) {
	t.Helper()
	memory := filepath.Join(dir, "memory")
	if err := os.Mkdir(memory, 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, "tmpfs", memory, "tmpfs", 0, "size=1m")
	for name, r := range map[string]refusal{
		"no mount point":         {[]string{"pool", "add", "e2e-bad", dir}, 2, "is not a mount point"},
		"nothing there":          {[]string{"pool", "add", "e2e-bad", dir + "/nothing"}, 4, "there is no " + dir + "/nothing"},
		"a relative path":        {[]string{"pool", "add", "e2e-bad", "srv"}, 2, "not the path of a mount point"},
		"a file system of RAM":   {[]string{"pool", "add", "e2e-bad", memory}, 6, "does not lie on drives of this machine"},
		"not what is required":   {[]string{"pool", "add", "e2e-bad", place, "--require", "nvme,raid10"}, 6, "nvme is required"},
		"a demand nobody knows":  {[]string{"pool", "add", "e2e-bad", place, "--require", "raid7"}, 2, "raid7"},
		"a pool not there":       {[]string{"create", pooled, "--pool", "e2e-none"}, 4, "there is no pool"},
		"shown, and not there":   {[]string{"pool", "show", "e2e-none"}, 4, "there is no pool"},
		"removed, and not there": {[]string{"pool", "rm", "--yes", "e2e-none"}, 4, "there is no pool"},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			before := inventory(t, stateDir)
			r.check(t, holm(r.args...))
			unchanged(t, stateDir, before)
			if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
				t.Errorf("left in the file system are %v, %v", left, err)
			}
		})
	}
}

// stateMiB is how large the guest finds its state file system.
func stateMiB(t *testing.T) (mib int) {
	t.Helper()
	if _, err := fmt.Sscan(shell(t, pooled, "df -m --output=size /home | tail -1"), &mib); err != nil {
		t.Fatal(err)
	}
	return mib
}

func testGrow(t *testing.T, _, _ string) {
	// In this order: a disk does not shrink.
	for i, point := range []string{"resize.recorded", "resize.grown"} {
		gib := i + 2
		size := fmt.Sprintf("%dG", gib)
		die(t, point, "resize", pooled, "--disk", size)
		holm("resize", pooled, "--disk", size).must(t)
		if got := stateMiB(t); got < gib*1024-200 {
			t.Errorf("with a disk of %s the file system has %d MiB", size, got)
		}
	}
}

func testSizes(t *testing.T, _, _ string) {
	refusal{code: 2, says: "does not shrink to 1 GiB"}.check(t, holm("resize", pooled, "--disk", "1G"))
	refusal{code: 6, says: `pool "e2e-fast" may promise`}.check(t, holm("resize", pooled, "--disk", "900G"))
	refusal{code: 9, says: `pool "e2e-fast" has promised 3 of 4 GiB`}.check(t,
		holm("create", prefix+"second", "--profile", "plain", "--flavor", "tiny", "--disk", "2G", "--pool", "e2e-fast"))
	var v poolView
	decode(t, holm("pool", "show", "e2e-fast", "-o", "json").must(t), &v)
	if v.Promised != 3<<30 || v.Peak != 3<<30 {
		t.Errorf("promised are %d bytes, at most so far %d", v.Promised, v.Peak)
	}
}

// fullMiB is what the guest writes, into a pool that has room for a part of it, and fullPath where to.
const (
	fullMiB  = 150
	fullPath = "/home/ops/full"
)

func wantFull(t *testing.T) {
	t.Helper()
	sum := sha256.Sum256(bytes.Repeat([]byte("x"), fullMiB<<20))
	if got := shell(t, pooled, "sha256sum <"+fullPath); !strings.HasPrefix(got, hex.EncodeToString(sum[:])) {
		t.Errorf("what was written is something else: %s", got)
	}
}

func testNoSpace(t *testing.T, place, _ string) {
	var v poolView
	decode(t, holm("pool", "show", "e2e-fast", "-o", "json").must(t), &v)
	ballast, err := os.Create(filepath.Join(place, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syscall.Fallocate(int(ballast.Fd()), 0, 0, int64(v.Free)-(40<<20)), ballast.Close()); err != nil {
		t.Fatal(err)
	}
	written := make(chan outcome, 1)
	go func() {
		line := fmt.Sprintf(`dd if=/dev/zero bs=1M count=%d | tr '\0' x | dd of=%s bs=1M iflag=fullblock conv=fsync`, fullMiB, fullPath)
		written <- guest(pooled, "sh", "-c", line).do(t.Context())
	}()
	eventually(t, "the guest is paused", func() error {
		if got := show(t, pooled).Status; got != "stalled" {
			return errors.New("it is " + got)
		}
		return nil
	})
	check := holm("pool", "check", "e2e-fast").run(t)
	if want := "default/" + pooled + ` is paused: no space in pool "e2e-fast"`; check.code != 0 || !strings.Contains(check.stderr, want) {
		t.Errorf("exit %d, and %q does not say %q", check.code, check.stderr, want)
	}
	refusal{code: 1, says: "is paused: no space in pool"}.check(t, holm("start", pooled))
	if err := os.Remove(ballast.Name()); err != nil {
		t.Fatal(err)
	}
	if news := holm("pool", "check", "--news").run(t); news.code != 0 || !strings.Contains(news.stderr, "goes on: there is room again") {
		t.Errorf("exit %d, and it says %q", news.code, news.stderr)
	}
	if o := <-written; o.code != 0 {
		t.Errorf("the write ended with %d: %s", o.code, o.stderr)
	}
	wantFull(t)
}

func testGone(t *testing.T, place, _ string) {
	virsh(t, "destroy", "holm.default."+pooled)
	command(t, "umount", place)
	broken := func(says string) {
		t.Helper()
		if check := holm("pool", "check", "e2e-fast").run(t); check.code != 8 || !strings.Contains(check.stdout, says) {
			t.Errorf("exit %d, and it says %q", check.code, check.stdout)
		}
		for _, args := range [][]string{{"start", pooled}, {"start", "--all"}, {"create", prefix + "second", "--pool", "e2e-fast"}, {"resize", pooled, "--disk", "4G"}} {
			refusal{code: 6, says: `pool "e2e-fast" is broken: `}.check(t, holm(args...))
		}
		refusal{code: 6, says: `pool "e2e-fast" is not there: `}.check(t, holm("rm", "--yes", pooled))
	}
	broken("not a mount point")
	fileSystem(t, place, "other", 400)
	broken("another file system is there")
	command(t, "umount", place)
}

func testBack(t *testing.T, place, file string) {
	mountImage(t, file, place)
	if check := holm("pool", "check").run(t); check.code != 0 {
		t.Errorf("exit %d, and it says %q", check.code, check.stdout)
	}
	if started := holm("start", "--all").must(t); !strings.Contains(started, pooled+"\tdefault\tready") {
		t.Errorf("started was %q", started)
	}
	wantFull(t)
}

func testInUse(t *testing.T, _, _ string) {
	refusal{code: 7, says: "default/" + pooled}.check(t, holm("pool", "rm", "--yes", "e2e-fast"))
}
