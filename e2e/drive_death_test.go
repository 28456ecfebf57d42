//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deaths is an instance whose starts end badly, and what somebody has of the drive that they happen on.
type deaths struct {
	t      *testing.T
	name   string
	uuid   string
	volume string
	loot   loot
	window int // how many moments were seen in which the drive would have opened the volume
}

// nothing on the drive opens the volume now.
func (d *deaths) nothing(when string) {
	d.t.Helper()
	d.loot.take(d.t)
	if found := opens(d.t, d.volume, d.loot.all(d.t)); len(found) > 0 {
		d.t.Errorf("%s: of %d passphrases from the drive %d open the volume", when, len(d.loot.all(d.t)), len(found))
	}
}

// start begins a start, has do done once QEMU is there and a while has passed, and waits for what comes of it.
func (d *deaths) start(after time.Duration, do func(holm *os.Process, qemu int)) outcome {
	d.t.Helper()
	var out, diag bytes.Buffer
	cmd := holm("start", d.name).command(d.t.Context())
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	qemu := 0
	for ; qemu == 0 && time.Now().Before(deadline); qemu = qemuOf(d.uuid) {
		<-time.After(time.Millisecond)
	}
	if qemu == 0 {
		d.t.Error("no QEMU is started")
	}
	<-time.After(after)
	do(cmd.Process, qemu)
	return ended(cmd.Wait(), &out, &diag)
}

// qemuOf is the process that runs a domain, by its UUID; 0 when there is none.
func qemuOf(uuid string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		args, err := os.ReadFile(path)
		if err == nil && bytes.HasPrefix(args, []byte("/usr/bin/qemu-system")) && bytes.Contains(args, []byte(uuid)) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	return 0
}

func (d *deaths) kill(pid int) {
	d.t.Helper()
	if pid == 0 {
		return
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		d.t.Fatal(err)
	}
}

// killLibvirt kills its daemon, as a bug in it would.
func (d *deaths) killLibvirt() {
	d.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(readFile(d.t, "/run/libvirtd.pid")))
	if err != nil {
		d.t.Fatal(err)
	}
	d.kill(pid)
}

// revive has libvirt answer again.
func (d *deaths) revive() {
	d.t.Helper()
	if out, err := exec.Command("../hack/libvirt", "start").CombinedOutput(); err != nil {
		d.t.Errorf("libvirt does not come back: %v\n%s", err, out)
	}
}

// moments are how long after QEMU has appeared somebody dies: before it reads the volume, while it does, when it has, and later.
var moments = []time.Duration{0, 30 * time.Millisecond, 150 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second}

// TestWhoeverDiesInAStartLeavesNothingThatOpensAVolume kills QEMU, libvirt, and libvirt together with holm, at several moments of a
// start, and tries what was ever on the drive on the volume: at once where holm lives, and after the timer where it does not.
func TestWhoeverDiesInAStartLeavesNothingThatOpensAVolume(t *testing.T) {
	thorough(t)
	if _, err := os.Stat("/run/libvirtd.pid"); err != nil {
		t.Skip("libvirt has another daemon here, which this test does not know how to kill")
	}
	d := deaths{t: t, name: prefix + "deaths", loot: newLoot()}
	digest, err := newStubs(t).publish(stateDir, "deaths")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(filepath.Join(stateDir, "images", "sha256", strings.TrimPrefix(digest, "sha256:")))
	})
	tidy(t, d.name)
	t.Cleanup(d.revive)
	holm("create", d.name, "--flavor", "tiny", "--disk", "1G", "--profile", "plain", "--no-verify", "--image", digest).must(t)
	v := show(t, d.name)
	d.volume = filepath.Join(stateDir, "instances", v.ID, "state.qcow2")
	d.uuid = strings.TrimSpace(virsh(t, "domuuid", v.Domain))
	d.nothing("it runs")
	d.noCore()
	own := string(volumeKeyText(t, d.name))
	for _, try := range []func(*testing.T, string, []string) []string{opens, opened} {
		if found := try(t, d.volume, []string{own, strings.Repeat("0", passphraseChars)}); len(found) != 1 || found[0] != own {
			t.Fatalf("its own key and no other opens the volume, and this test finds that %d do", len(found))
		}
	}

	for _, after := range moments {
		d.ready()
		o := d.start(after, func(_ *os.Process, qemu int) { d.kill(qemu) })
		t.Logf("QEMU killed %s after it was there: exit %d: %s", after, o.code, tail(o.stderr))
		d.nothing(fmt.Sprintf("QEMU was killed %s after it was there", after))
	}
	for _, after := range moments {
		d.ready()
		o := d.start(after, func(*os.Process, int) { d.killLibvirt() })
		t.Logf("libvirt killed %s after QEMU was there: exit %d: %s", after, o.code, tail(o.stderr))
		d.nothing(fmt.Sprintf("libvirt was killed %s after QEMU was there", after))
		d.revive()
		d.nothing("libvirt is there again")
	}
	for i, after := range moments {
		d.ready()
		d.start(after, func(holm *os.Process, qemu int) {
			d.killLibvirt()
			d.kill(holm.Pid)
			if i%2 == 0 {
				d.kill(qemu)
			}
		})
		d.loot.take(t)
		d.window += len(opens(t, d.volume, d.loot.all(t)))
		news := holm("pool", "check", "--news").run(t) // libvirt is away
		d.nothing(fmt.Sprintf("holm and libvirt were killed %s after QEMU was there, and then came the timer (exit %d)", after, news.code))
		d.revive()
		d.nothing("libvirt is there again")
	}
	if d.window == 0 {
		t.Error("at no moment the drive would have opened the volume: this shows nothing")
	}
	d.ready()
	holm("start", d.name).must(t)
	d.nothing("it runs again")
	virsh(t, "managedsave", v.Domain)
	d.nothing("it is saved")
	holm("stop", "--force", d.name).must(t)
	d.nothing("it is stopped")
	if len(opens(t, d.volume, []string{own})) != 1 {
		t.Error("its own key does not open the volume any more")
	}
	d.removed()
	t.Logf("%d passphrases were tried, %d of them decrypted; in %d moments one would have opened the volume", len(d.loot.all(t)), len(d.loot.passphrases(t)), d.window)
}

// ready brings the instance to where a start begins, whatever was killed before.
func (d *deaths) ready() {
	d.t.Helper()
	holm("stop", "--force", d.name).must(d.t)
}

var coreLimit = regexp.MustCompile(`(?m)^Max core file size +(\S+) `)

// noCore: what QEMU has in memory is on no drive when it crashes.
func (d *deaths) noCore() {
	d.t.Helper()
	found := coreLimit.FindStringSubmatch(readFile(d.t, fmt.Sprintf("/proc/%d/limits", qemuOf(d.uuid))))
	if found == nil || found[1] != "0" {
		d.t.Errorf("a QEMU that crashes may write a core file of %q bytes", found)
	}
}

// removed: what the drive had of the volume before, as old blocks or in a copy, is opened by nothing that is on it afterwards.
func (d *deaths) removed() {
	d.t.Helper()
	old := filepath.Join(d.t.TempDir(), "old.qcow2")
	if out, err := exec.CommandContext(d.t.Context(), "cp", "--sparse=always", d.volume, old).CombinedOutput(); err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
	holm("rm", "--yes", d.name).must(d.t)
	d.volume = old
	d.nothing("it is removed")
}
