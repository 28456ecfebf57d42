//go:build e2e

package e2e

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// told is what "holm ls" and "holm show" say of an instance, which has to be the same. Between one and the other it may change:
// then both are asked again.
func told(t *testing.T, name string) string {
	t.Helper()
	var shown, listed string
	for range 3 {
		shown, listed = show(t, name).Status, listedAs(t, name)
		if listed == shown || listed == "" {
			return shown
		}
	}
	t.Errorf("it is shown as %s and listed as %s", shown, listed)
	return shown
}

// listedAs is the status in "holm ls"; "" when it is not listed.
func listedAs(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(holm("ls").must(t)) {
		if f := strings.Split(line, "\t"); f[0] == name && len(f) > 2 {
			return f[2]
		}
	}
	return ""
}

// becomes waits until ls and show say so of plain, and says what they said at last.
func becomes(t *testing.T, status string) {
	t.Helper()
	for began := time.Now(); ; <-time.After(time.Second) {
		is := told(t, plain)
		if is == status {
			return
		}
		if time.Since(began) > 3*time.Minute {
			t.Fatalf("it is said to be %s, want %s; its console:\n%s", is, status, tail(holm("logs", plain).run(t).stdout))
		}
	}
}

// startedAtBoot are those that would be at the host's next boot.
func startedAtBoot(t *testing.T) string {
	return holm("start", "--all", "--dry-run", "-o", "name").must(t)
}

func TestOneThatItsOwnerSwitchesOffIsSaidToBeOffAndStaysSo(t *testing.T) {
	thorough(t)
	beside(t, &plains)
	needPlain(t)
	guest(plain, "sudo", "systemctl", "poweroff").run(t) // ssh may or may not come to its end
	becomes(t, "stopped")
	for _, c := range []call{holm("wait", plain), guest(plain, "true")} {
		refusal{code: 1, says: "not running (stopped)"}.check(t, c)
	}
	for range 2 { // before and after the timer has seen it
		if got := startedAtBoot(t); strings.Contains(got, plain) {
			t.Errorf("at the host's next boot these are started: %s", got)
		}
		said := holm("pool", "check", "--news").run(t).stderr
		if show(t, plain).State != "stopped" {
			t.Errorf("its record says %s; the timer has said %q", show(t, plain).State, said)
		}
	}
	if o := holm("pool", "check", "--news").run(t); o.code != 0 || strings.Contains(o.stderr, plain) {
		t.Errorf("the timer says it again: exit %d, %s", o.code, o.stderr)
	}
	holm("start", plain).must(t)
	sober(t)
}

func TestOneWhosePanicWasSeenIsStartedAgain(t *testing.T) {
	beside(t, &plains)
	needPlain(t)
	before := show(t, plain)
	panics(t)
	if o := holm("wait", plain).run(t); o.code != 1 || !strings.Contains(o.stderr, "crashed") || !strings.Contains(o.stderr, "holm start") {
		t.Errorf("wait: exit %d\n%s", o.code, o.stderr)
	}
	if got := startedAtBoot(t); !strings.Contains(got, plain) {
		t.Errorf("at the host's next boot these are started: %q", got)
	}
	if !strings.Contains(holm("logs", plain).must(t), "Kernel panic") {
		t.Error("the console log does not have its last words")
	}
	o := holm("pool", "check", "--news").run(t)
	if o.code != 0 || !strings.Contains(o.stderr, plain+" had panicked, and was started again") {
		t.Errorf("the timer: exit %d\n%s", o.code, o.stderr)
	}
	same(t, before, show(t, plain))
	sober(t)
}

func TestOneThatPanicsAgainAndAgainIsLeftOff(t *testing.T) {
	thorough(t)
	beside(t, &plains)
	needPlain(t)
	for range 4 {
		if show(t, plain).Status == "failed" {
			break
		}
		// A dead QEMU counts as a panic, and needs no guest that can still be asked for one.
		dies(t)
		holm("pool", "check", "--news").run(t)
	}
	if v := show(t, plain); v.Status != "failed" || !strings.Contains(v.Failure, "again and again") {
		t.Errorf("it is %s: %s", v.Status, v.Failure)
	}
	if o := holm("pool", "check", "--news").run(t); o.code != 0 || strings.Contains(o.stderr, plain) {
		t.Errorf("the timer goes on: exit %d, %s", o.code, o.stderr)
	}
	holm("start", plain).must(t)
	sober(t)
}

// panics has the kernel of plain panic, and waits until that is seen.
func panics(t *testing.T) {
	t.Helper()
	guest(plain, "sudo", "sh", "-c", "(sleep 1; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 &").must(t)
	becomes(t, "crashed")
}

// dies ends the QEMU of plain, and waits until that is seen.
func dies(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("/run/libvirt/qemu", show(t, plain).Domain+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	becomes(t, "crashed")
}

// sober checks that plain is what it was: ready, with all of its checks passed.
func sober(t *testing.T) {
	t.Helper()
	if v := show(t, plain); v.Status != "ready" || v.Passed != v.Total || v.Total == 0 {
		t.Errorf("it is %s, %d of %d checks passed", v.Status, v.Passed, v.Total)
	}
}

func TestAPauseIsSaidHoldsNobodyUpAndTheClockIsRightAfterIt(t *testing.T) {
	beside(t, &plains)
	needPlain(t)
	domain := show(t, plain).Domain
	virsh(t, "suspend", domain)
	resumed := false
	resume := func() {
		if !resumed {
			resumed = true
			virsh(t, "resume", domain)
		}
	}
	t.Cleanup(resume)
	paused := time.Now()
	if got := told(t, plain); got != "paused" {
		t.Errorf("it is said to be %s", got)
	}
	for _, words := range [][]string{
		{"wait", plain},
		{"start", plain},
		{"stop", plain},
		{"restart", plain},
		{"verify", plain},
		{"exec", plain, "--", "true"},
		{"ssh", plain, "--", "true"},
		{"cp", "/etc/hostname", plain + ":/tmp/"},
		{"rebuild", "--keep-state", plain},
	} {
		began := time.Now()
		o := holm(words...).run(t)
		if o.code == 0 || !strings.Contains(o.stderr, "virsh resume") {
			t.Errorf("holm %s: exit %d\n%s", words[0], o.code, o.stderr)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("holm %s took %v", words[0], took)
		}
	}
	if o := holm("pool", "check", "--news").run(t); o.code != 0 {
		t.Errorf("the timer: exit %d\n%s", o.code, o.stderr)
	}
	if got := startedAtBoot(t); strings.Contains(got, plain) {
		t.Errorf("at the host's next boot these are started: %q", got)
	}
	<-time.After(max(0, 40*time.Second-time.Since(paused)))
	resume()
	began, off := time.Now(), 0.0
	for time.Since(began) < time.Minute {
		if off = behind(t); off < 3 {
			break
		}
	}
	t.Logf("%.1f s after a pause of %.0f s its clock is off by %.1f s", time.Since(began).Seconds(), began.Sub(paused).Seconds(), off)
	if off >= 3 {
		t.Errorf("a minute after a pause its clock is off by %.1f s", off)
	}
	becomes(t, "ready")
	holm("wait", plain).must(t)
}

// behind is by how many seconds the clock of plain differs from the host's.
func behind(t *testing.T) float64 {
	t.Helper()
	began := time.Now()
	seconds, err := strconv.ParseFloat(shell(t, plain, "date +%s.%N"), 64)
	if err != nil {
		t.Fatal(err)
	}
	// Between the two looks of the host's, the guest's was taken.
	first, last := float64(began.UnixNano())/1e9, float64(time.Now().UnixNano())/1e9
	return math.Max(0, math.Max(first-seconds, seconds-last))
}
