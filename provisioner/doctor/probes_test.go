package doctor

import (
	"context"
	"errors"
	"os"
	"testing"

	"holm/internal/run"
	"holm/provisioner/doctor/tiny"
)

func realProbes() Probes { return Probes{}.orReal() }

func TestARealHostWithoutHardwareVirtualizationIsJudgedSo(t *testing.T) {
	if _, err := run.Look(qemuProgram); err != nil {
		t.Skip("left out: no qemu-system-x86_64, so nothing is booted for real")
	}
	e := newEnv(t.Context(), Options{})
	v := e.kvm()
	if v.works() {
		t.Logf("this host has %s; the tiny kernel took %v", v.extension, v.boot.Elapsed)
		return
	}
	t.Logf("no KVM: %v", v.reasons)
	if got := checkTCG(t.Context(), e); got.Status != OK {
		t.Errorf("emulation: %+v", got)
	}
}

func TestAFakeThatGetsThroughIsStillRefused(t *testing.T) {
	h := healthyHost(t)
	h.mkdir("/sys/module/kvm_pvm")
	h.Probes.Boot = func(context.Context, string, string) (tiny.Outcome, error) {
		return tiny.Outcome{Reached: tiny.Marker}, nil
	}
	if got := h.check("kvm"); got.Status != Fail {
		t.Errorf("got %+v", got)
	}
}

func TestFreeSpaceIsMeasured(t *testing.T) {
	if n, err := realProbes().Free(t.TempDir()); err != nil || n == 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, err := realProbes().Free("/nonexistent"); err == nil {
		t.Error("a path that does not exist has free space")
	}
}

func TestTheClockIsRead(t *testing.T) {
	if _, err := realProbes().Synchronised(); err != nil {
		t.Error(err)
	}
}

func TestANamespaceKeepsItsChangesToItself(t *testing.T) {
	nft, err := run.Look("nft")
	if err != nil {
		t.Skip("left out: no nft to try a namespace with")
	}
	const table = "holm_doctor_test"
	err = namespace(t.Context(), nft, "add", "table", "inet", table)
	if errors.Is(err, errNoNamespace) {
		t.Skipf("left out: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		return // an ordinary user cannot see the host's tables, nor could have made one
	}
	if _, err := run.Command(t.Context(), nft, "list", "table", "inet", table); err == nil {
		t.Errorf("the table %s is on the host", table)
	}
}

func TestANamespacePassesTheProgramsWordOn(t *testing.T) {
	err := namespace(t.Context(), "/bin/sh", "-c", "echo the kernel says no >&2; exit 3")
	if errors.Is(err, errNoNamespace) {
		t.Skipf("left out: %v", err)
	}
	if want := "unshare: exit 3: the kernel says no"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
