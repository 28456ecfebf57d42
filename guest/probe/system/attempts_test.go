package system

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"holm/guest/report"
)

func TestCrashesAreJudgedByWhatTheyLeave(t *testing.T) {
	for name, c := range map[string]struct {
		crash crashed
		want  report.Outcome
	}{
		"nothing left":              {crashed{signal: unix.SIGSEGV, pattern: "|/bin/false"}, report.Passed},
		"nothing left, no handler":  {crashed{signal: unix.SIGSEGV, pattern: "core"}, report.Passed},
		"a core":                    {crashed{signal: unix.SIGSEGV, files: []string{"core.17"}, dumped: true, pattern: "core"}, report.Failed},
		"a core somewhere else":     {crashed{signal: unix.SIGSEGV, dumped: true, pattern: "/var/crash/core"}, report.Failed},
		"a handler that keeps it":   {crashed{signal: unix.SIGSEGV, pattern: "|/usr/lib/systemd/systemd-coredump %P"}, report.Failed},
		"a handler called false":    {crashed{signal: unix.SIGSEGV, pattern: "|/tmp/bin/false"}, report.Failed},
		"a handler without a name":  {crashed{signal: unix.SIGSEGV, pattern: "|"}, report.Failed},
		"it did not crash":          {crashed{pattern: "|/bin/false"}, report.Inconclusive},
		"it was killed for another": {crashed{signal: unix.SIGKILL, pattern: "|/bin/false"}, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.crash.judge("crash"); got.Outcome != c.want {
				t.Errorf("it is %+v, want %s", got, c.want)
			}
		})
	}
}

func TestACanaryThatIsNotHeldIsSeen(t *testing.T) {
	held := systemAnswer{Controls: []systemTry{{What: "read"}}, Tries: []systemTry{{"shadow", unix.EACCES}}}
	loose := systemAnswer{Controls: []systemTry{{What: "read"}}, Tries: []systemTry{{What: "shadow"}}}
	for name, c := range map[string]struct {
		under  string
		answer systemAnswer
		want   report.Outcome
	}{
		"enforced":              {"holm-canary (enforce)", held, report.Passed},
		"enforced, but allowed": {"holm-canary (enforce)", loose, report.Failed},
		"complaining only":      {"holm-canary (complain)", held, report.Failed},
		"another profile":       {"docker-default (enforce)", held, report.Failed},
		"unconfined":            {"unconfined", held, report.Failed},
		"it could read nothing": {"holm-canary (enforce)", systemAnswer{Controls: []systemTry{{"read", unix.EACCES}}, Tries: held.Tries}, report.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (confined{c.under, c.answer}).judge("try"); got.Outcome != c.want {
				t.Errorf("it is %+v, want %s", got, c.want)
			}
		})
	}
}

func TestAWrittenDiskIsSeenAndUnchanged(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	content := strings.Repeat("0123456789abcdef", 512)
	write(t, disk, content)
	control, try := writeBack(disk)
	if control.Errno == unix.EINVAL {
		t.Skip("the file system of the test's folder has no O_DIRECT")
	}
	if control.Errno != 0 || try.Errno != 0 {
		t.Errorf("control %v, attempt %v: a file can be read and written", control, try)
	}
	if got, err := os.ReadFile(disk); err != nil || string(got) != content {
		t.Errorf("the disk has changed: %v", err)
	}
	if control, _ := writeBack(filepath.Join(t.TempDir(), "none")); control.Errno != unix.ENOENT {
		t.Errorf("without a disk the control is %v", control)
	}
}

func TestARootWithoutADiskIsNoVerifiedRoot(t *testing.T) {
	if got, err := blockDevices(t.TempDir(), "/"); err == nil {
		t.Errorf("it found %v", got)
	}
	var stat unix.Stat_t
	if err := unix.Stat("/", &stat); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	number := strconv.Itoa(int(unix.Major(stat.Dev))) + ":" + strconv.Itoa(int(unix.Minor(stat.Dev)))
	write(t, filepath.Join(dir, "dm-0", "slaves", "vda", "dev"), "")
	if err := os.Symlink("dm-0", filepath.Join(dir, number)); err != nil {
		t.Fatal(err)
	}
	if got, err := blockDevices(dir, "/"); err != nil || strings.Join(got, " ") != "dm-0 vda" {
		t.Errorf("it found %v, %v", got, err)
	}
}

func TestAMountKeepsItsFlags(t *testing.T) {
	if got := mountFlags(unix.ST_RDONLY | unix.ST_NODEV | unix.ST_RELATIME | 0x20); got != unix.MS_RDONLY|unix.MS_NODEV|unix.MS_RELATIME {
		t.Errorf("flags are %#x", got)
	}
}

func TestLockdownIsTheWordInBrackets(t *testing.T) {
	for state, want := range map[string]string{
		"none [integrity] confidentiality\n": "integrity",
		"[none] integrity confidentiality\n": "none",
		"none integrity":                     "",
		"[integrity":                         "",
		"":                                   "",
	} {
		if got := lockdownMode(state); got != want {
			t.Errorf("of %q it is %q, want %q", state, got, want)
		}
	}
}

func TestAddressesAreSeenInTheListOfSymbols(t *testing.T) {
	const zeros = "0000000000000000 A fixed_percpu_data\n0000000000000000 T _text\n"
	for name, c := range map[string]struct {
		symbols string
		want    error
	}{
		"zeros":                     {zeros, unix.EACCES},
		"an address":                {zeros + "ffffffff81000000 t start\n", nil},
		"an address of other kinds": {zeros + "ffffffff81000000 D data\n", unix.EACCES},
		"no code among them":        {"0000000000000000 A fixed_percpu_data\n", unix.ENOMSG},
		"nothing":                   {"", unix.ENOMSG},
	} {
		t.Run(name, func(t *testing.T) {
			if got := showsAddresses([]byte(c.symbols)); got != c.want { //nolint:errorlint // it returns bare numbers
				t.Errorf("it is %v, want %v", got, c.want)
			}
		})
	}
}

// runAttempt runs one in this process and reads its answer.
func runAttempt(t *testing.T, name string, args ...string) systemAnswer {
	t.Helper()
	var out bytes.Buffer
	if err := Attempts()[name](t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	var answer systemAnswer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestTheAttemptsControlsSucceedOnAnyMachine(t *testing.T) {
	answer := runAttempt(t, secretsName)
	for _, c := range answer.Controls {
		if c.Errno != 0 {
			t.Errorf("control %v", c)
		}
	}
	if len(answer.Controls) == 0 || len(answer.Tries) != 7 {
		t.Errorf("it answered %+v", answer)
	}
}

func TestAnOwnChildCanBeTracedWhereNothingForbidsIt(t *testing.T) {
	other, err := startIdle(t.Context(), idleProgram, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.kill()
	answer := runAttempt(t, traceName, strconv.Itoa(other.pid()))
	if len(answer.Controls) != 1 || answer.Controls[0].Errno != 0 || len(answer.Tries) != 4 {
		t.Errorf("it answered %+v", answer)
	}
}

func TestAnAttemptRefusesArgumentsThatAreNone(t *testing.T) {
	for name, args := range map[string][]string{
		"no process": nil, "a word": {"init"}, "process 1": {"1"}, "less than none": {"-1"}, "two": {"17", "18"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Attempts()[traceName](t.Context(), args, &bytes.Buffer{}); err == nil {
				t.Error("it was accepted")
			}
		})
	}
	if err := Attempts()[openName](t.Context(), nil, &bytes.Buffer{}); err == nil {
		t.Error("an attempt to write nowhere was accepted")
	}
}
