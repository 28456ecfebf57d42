package hypervisortest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/hypervisor"
)

func sample(name, uuid string) string {
	return fmt.Sprintf(`<domain type="test"><name>%s</name><uuid>%s</uuid><memory unit="MiB">64</memory><vcpu>1</vcpu><devices>
<disk><driver type="raw"/><target dev="vda"/><readonly/></disk><disk><driver type="qcow2"/><target dev="vdb"/></disk><disk><driver type="raw"/><target dev="vdc"/></disk></devices></domain>`, name, uuid)
}

func TestTheFakeConforms(t *testing.T) {
	Conformance(t, func(*testing.T) hypervisor.Driver { return NewHypervisor() }, sample)
}

func running1(t *testing.T) *Hypervisor {
	t.Helper()
	h := NewHypervisor()
	must(t, h.Define(t.Context(), sample(nameA, uuidA)))
	must(t, h.Start(t.Context(), uuidA))
	return h
}

func TestAnInjectedFailureHappensOnceAndChangesNothing(t *testing.T) {
	h := NewHypervisor()
	must(t, h.Define(t.Context(), sample(nameA, uuidA)))
	full := errors.New("no space left")
	h.FailOnce("Start", full)
	if err := h.Start(t.Context(), uuidA); !errors.Is(err, full) {
		t.Fatalf("got %v, want %v", err, full)
	}
	suite{h, sample}.is(t, hypervisor.Off)
	must(t, h.Start(t.Context(), uuidA))
	suite{h, sample}.is(t, hypervisor.Running)
}

func TestAGuestThatIgnoresShutdownRunsOn(t *testing.T) {
	h := running1(t)
	h.IgnoreShutdown(true)
	must(t, h.Shutdown(t.Context(), uuidA))
	suite{h, sample}.is(t, hypervisor.Running)
}

func TestAGuestThatHoldsItsDiskIsWaitedForUntilTheContextEnds(t *testing.T) {
	h := running1(t)
	h.HoldDisks(true)
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{})
	h.FailWith(func(string, string) error { close(entered); return nil })
	type answer struct {
		live bool
		err  error
	}
	answers := make(chan answer)
	go func() {
		live, err := h.DetachDisk(ctx, uuidA, "vdc")
		answers <- answer{live, err}
	}()
	<-entered
	cancel()
	if got := <-answers; got.live || got.err != nil {
		t.Errorf("got %+v, want a disk that the guest still holds, and no error", got)
	}
}

func TestAGuestThatStallsGoesOnWhenItIsResumed(t *testing.T) {
	h := running1(t)
	events, err := h.Watch(t.Context(), uuidA)
	must(t, err)
	<-events
	h.Stall(uuidA, "vdb", hypervisor.DiskFull)
	if got := <-events; got.State != hypervisor.Stalled || got.Reason != "io-error" {
		t.Errorf("got %+v", got)
	}
	failed, err := h.DiskErrors(t.Context(), uuidA)
	if err != nil || failed["vdb"] != hypervisor.DiskFull || len(failed) != 1 {
		t.Errorf("the disks that failed are %v, %v", failed, err)
	}
	h.OnResume(func(uuid string) { h.OnResume(nil); h.Stall(uuid, "vdb", hypervisor.DiskFull) })
	must(t, h.Resume(t.Context(), uuidA))
	suite{h, sample}.is(t, hypervisor.Stalled)
	must(t, h.Resume(t.Context(), uuidA))
	suite{h, sample}.is(t, hypervisor.Running)
	h.Pause(uuidA)
	suite{h, sample}.is(t, hypervisor.Paused)
	must(t, h.Resume(t.Context(), uuidA))
}

func TestADiskThatWasResizedTellsItsSizeAndDoesNotShrink(t *testing.T) {
	h := running1(t)
	must(t, h.ResizeDisk(t.Context(), uuidA, "vdb", 2<<30))
	st, err := h.Stats(t.Context(), uuidA)
	if err != nil || st.Disks[1].CapacityBytes != 2<<30 {
		t.Errorf("got %+v, %v", st.Disks, err)
	}
	if err := h.ResizeDisk(t.Context(), uuidA, "vdb", 1<<30); fault.KindOf(err) != fault.Usage {
		t.Errorf("shrinking: %v, want a fault of kind Usage", err)
	}
	if err := h.ResizeDisk(t.Context(), uuidA, "vdx", 1<<30); err == nil {
		t.Error("a disk that is not there was resized")
	}
}

func TestAPanicOfTheGuestIsACrash(t *testing.T) {
	h := running1(t)
	events, err := h.Watch(t.Context(), uuidA)
	must(t, err)
	<-events
	h.Crash(uuidA)
	if got := <-events; got.State != hypervisor.Crashed || got.Reason != "crashed" {
		t.Errorf("got %+v", got)
	}
	must(t, h.Start(t.Context(), uuidA))
	h.PowerOff(uuidA)
	suite{h, sample}.is(t, hypervisor.Off)
}

func TestHostAndGuestTalkOverAPort(t *testing.T) {
	h := NewHypervisor()
	must(t, h.Define(t.Context(), sample(nameA, uuidA)))
	h.OnStart(func(uuid string) {
		guest := h.Guest(uuid, "p")
		go func() {
			line, err := bufio.NewReader(guest).ReadString('\n')
			if err == nil {
				_, _ = io.WriteString(guest, "echo "+line)
			}
		}()
	})
	must(t, h.Start(t.Context(), uuidA))
	port, err := h.Channel(t.Context(), uuidA, "p")
	must(t, err)
	_, err = io.WriteString(port, "hello\n")
	must(t, err)
	got, err := bufio.NewReader(port).ReadString('\n')
	if err != nil || got != "echo hello\n" {
		t.Errorf("got %q, %v", got, err)
	}
	h.PowerOff(uuidA)
	if _, err := port.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after the guest's end: %v, want io.EOF", err)
	}
	if h.Guest(uuidA, "p") != nil {
		t.Error("a guest that is off has a port")
	}
}

func TestCallsAreRecordedInOrder(t *testing.T) {
	if got := strings.Join(running1(t).Calls(), " "); got != "Define Start" {
		t.Errorf("got %q", got)
	}
}
