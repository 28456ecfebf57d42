package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/internal/fault"
)

var update = flag.Bool("update", false, "write the goldens anew")

func golden(t *testing.T, name string, report Report) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(report); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-update writes it): -want +got:\n%s", path, diff)
	}
}

func TestAHealthyHostIsFit(t *testing.T) {
	report := Run(t.Context(), healthyHost(t).Options)
	if !report.Fit() || report.Count(OK) != len(checks()) {
		t.Errorf("fit %v with %d of %d ok", report.Fit(), report.Count(OK), len(checks()))
	}
	golden(t, "healthy.json", report)
}

// sickHost is like the machines that fool others: a /dev/kvm that is a fake, no AppArmor, cgroup v1, no systemd.
func sickHost(t *testing.T) *host {
	t.Helper()
	h := healthyHost(t)
	plainCPU(h)
	h.mkdir("/sys/module/kvm_pvm")
	h.boots["kvm"] = errors.New(`the tiny kernel ended before its first word; QEMU: failed to set MSR 0x10a to 0x69`)
	h.remove("/sys/module/apparmor")
	h.remove("/sys/fs/cgroup/cgroup.controllers")
	h.remove("/run/systemd")
	h.network["tc"] = errors.New("unshare: exit 2: Error: Specified qdisc kind is unknown")
	h.synced = false
	return h
}

func TestASickHostIsUnfit(t *testing.T) {
	report := Run(t.Context(), sickHost(t).Options)
	if report.Fit() {
		t.Error("it passed for fit")
	}
	golden(t, "sick.json", report)
}

func TestASickHostServesALab(t *testing.T) {
	h := sickHost(t)
	h.Lab = true
	report := Run(t.Context(), h.Options)
	for _, r := range report.Results {
		if r.Status == Fail {
			t.Errorf("%s: %s", r.ID, r.Found)
		}
	}
	if !strings.Contains(report.Results[0].Found, "NO isolation boundary") {
		t.Errorf("kvm does not say what emulation is worth: %s", report.Results[0].Found)
	}
}

func TestEveryComplaintIsOneLine(t *testing.T) {
	h := sickHost(t)
	h.down = errors.New("no such socket")
	h.write(ksmRun, "1")
	for _, r := range Run(t.Context(), h.Options).Results {
		if strings.ContainsAny(r.Found+r.Remedy, "\n\r\x1b") || r.Found == "" {
			t.Errorf("%s: %q %q", r.ID, r.Found, r.Remedy)
		}
	}
}

func TestAnEmptyMachineIsReportedNotCrashedOn(t *testing.T) {
	h := healthyHost(t)
	h.Root = t.TempDir()
	h.down = errors.New("connection refused")
	report := Run(t.Context(), h.Options)
	if report.Fit() || report.Host.CPUs != 0 || report.Host.OS != "" {
		t.Errorf("got %+v", report.Host)
	}
}

func TestLibvirtIsAskedOnce(t *testing.T) {
	h := healthyHost(t)
	asked := make(chan struct{}, len(checks()))
	h.Libvirt = func(context.Context) (LibvirtInfo, error) {
		asked <- struct{}{}
		return h.info, nil
	}
	Run(t.Context(), h.Options)
	if len(asked) != 1 {
		t.Errorf("asked %d times", len(asked))
	}
}

func TestALibvirtThatHangsIsGivenUpBeforeItsChecksAre(t *testing.T) {
	h := healthyHost(t)
	h.version = "QEMU emulator version 7.2.22"
	h.Deadline = time.Hour
	h.Libvirt = func(ctx context.Context) (LibvirtInfo, error) {
		end, limited := ctx.Deadline()
		if !limited || time.Until(end) >= h.Deadline {
			t.Errorf("it may take %v of the %v that a check has", time.Until(end), h.Deadline)
		}
		return LibvirtInfo{}, context.DeadlineExceeded
	}
	report := Run(t.Context(), h.Options)
	var failed []string
	for _, r := range report.Results {
		if r.Status == Fail {
			failed = append(failed, r.ID)
		}
	}
	if diff := cmp.Diff([]string{"libvirt", "apparmor"}, failed); diff != "" || report.Host.QEMU != "7.2.22" {
		t.Errorf("QEMU %q; failed: -want +got:\n%s", report.Host.QEMU, diff)
	}
}

func TestACheckThatHangsIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hangs := check{id: "hangs", run: func(context.Context, *env) Result {
			<-release
			return ok("late")
		}}
		e := newEnv(t.Context(), Options{Deadline: time.Minute})
		got := e.within(t.Context(), hangs)
		close(release)
		if got.ID != "hangs" || got.Status != Fail || got.Found != "not answered within 1m0s" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestACheckThatIsInterruptedDoesNotFail(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	release := make(chan struct{})
	defer close(release)
	hangs := check{id: "hangs", run: func(context.Context, *env) Result {
		<-release
		return ok("late")
	}}
	got := newEnv(ctx, Options{}).within(ctx, hangs)
	if got.Status != Warn || got.Found != "interrupted" {
		t.Errorf("got %+v", got)
	}
}

func TestFixMendsWhatItsCheckComplainsAbout(t *testing.T) {
	for id, c := range map[string]struct {
		breaks func(*host)
		found  string
	}{
		"ksm":   {func(h *host) { h.write(ksmRun, "1\n") }, "off"},
		"state": {func(h *host) { h.chmod("/var/lib/holm", 0o777) }, "/var/lib/holm is closed to others, and QEMU's user gets through"},
	} {
		t.Run(id, func(t *testing.T) {
			h := healthyHost(t)
			c.breaks(h)
			if h.check(id).Status != Fail {
				t.Fatal("nothing is broken")
			}
			got, err := Fix(t.Context(), h.Options, id)
			want := Result{ID: id, Status: OK, Found: c.found}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, -want +got:\n%s", err, diff)
			}
		})
	}
	if !slices.Equal(Fixable(), []string{"ksm", "state"}) {
		t.Errorf("fixable: %v, but this test knows ksm and state", Fixable())
	}
}

func TestFixRefusesWhatItCannotMend(t *testing.T) {
	for _, id := range []string{"swap", "nonsense", ""} {
		_, err := Fix(t.Context(), healthyHost(t).Options, id)
		if fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestFixSaysWhyItFailed(t *testing.T) {
	h := healthyHost(t)
	h.remove("/var/lib/holm")
	h.write("/var/lib/holm", "")
	_, err := Fix(t.Context(), h.Options, "state")
	want := "cannot close /var/lib/holm to others: it is no directory that is there"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
