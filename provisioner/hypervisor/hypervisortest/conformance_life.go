package hypervisortest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
	"holm/provisioner/hypervisor"
)

func neverDefined(t *testing.T, s suite) {
	s.is(t, hypervisor.Absent)
	must(t, s.Destroy(t.Context(), uuidA))
	must(t, s.Undefine(t.Context(), uuidA))
	for what, err := range map[string]error{
		"start":    s.Start(t.Context(), uuidA),
		"shutdown": s.Shutdown(t.Context(), uuidA),
		"detach":   second(s.DetachDisk(t.Context(), uuidA, "vdc")),
		"resize":   s.ResizeDisk(t.Context(), uuidA, "vdb", 1<<30),
		"errors":   second(s.DiskErrors(t.Context(), uuidA)),
		"resume":   s.Resume(t.Context(), uuidA),
		"channel":  second(s.Channel(t.Context(), uuidA, report.Channel)),
		"console":  second(s.Console(t.Context(), uuidA)),
		"stats":    second(s.Stats(t.Context(), uuidA)),
		"live XML": second(s.LiveXML(t.Context(), uuidA)),
	} {
		if !errors.Is(err, hypervisor.ErrNoDomain) {
			t.Errorf("%s: got %v, want %v", what, err, hypervisor.ErrNoDomain)
		}
	}
}

func define(t *testing.T, s suite) {
	s.mustDefine(t)
	s.is(t, hypervisor.Off)
	s.mustDefine(t)
	s.is(t, hypervisor.Off)
}

func notOurs(t *testing.T, s suite) {
	s.mustDefine(t)
	for what, xml := range map[string]string{"name": s.sample(nameA, uuidB), "uuid": s.sample(nameB, uuidA)} {
		if err := s.Define(t.Context(), xml); !errors.Is(err, hypervisor.ErrNotOurs) {
			t.Errorf("the %s was taken over: got %v, want %v", what, err, hypervisor.ErrNotOurs)
		}
	}
	got, err := s.States(t.Context())
	if diff := cmp.Diff(map[string]hypervisor.State{uuidA: hypervisor.Off}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func badXML(t *testing.T, s suite) {
	for _, xml := range []string{"", "<domain", "<network/>", "<domain><name>x</name></domain>", "\x00"} {
		if err := s.Define(t.Context(), xml); err == nil {
			t.Errorf("defined %q", xml)
		}
	}
	if got, err := s.States(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("left behind: %v, %v", got, err)
	}
}

func start(t *testing.T, s suite) {
	s.mustRun(t)
	s.is(t, hypervisor.Running)
	must(t, s.Start(t.Context(), uuidA))
	s.is(t, hypervisor.Running)
}

func shutdown(t *testing.T, s suite) {
	s.mustRun(t)
	must(t, s.Shutdown(t.Context(), uuidA))
	s.is(t, hypervisor.Off)
	must(t, s.Shutdown(t.Context(), uuidA))
	s.is(t, hypervisor.Off)
}

func destroy(t *testing.T, s suite) {
	s.mustRun(t)
	for range 2 {
		must(t, s.Destroy(t.Context(), uuidA))
		s.is(t, hypervisor.Off)
	}
	for range 2 {
		must(t, s.Undefine(t.Context(), uuidA))
		s.is(t, hypervisor.Absent)
	}
}

func undefineRunning(t *testing.T, s suite) {
	s.mustRun(t)
	must(t, s.Undefine(t.Context(), uuidA))
	s.is(t, hypervisor.Running)
	must(t, s.Undefine(t.Context(), uuidA))
	must(t, s.Destroy(t.Context(), uuidA))
	s.is(t, hypervisor.Absent)
}

func states(t *testing.T, s suite) {
	s.mustRun(t)
	must(t, s.Define(t.Context(), s.sample(nameB, uuidB)))
	want := map[string]hypervisor.State{uuidA: hypervisor.Running, uuidB: hypervisor.Off}
	got, err := s.States(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// watch lets each event arrive before the next change, so that a duplicate or a stale one is seen.
func watch(t *testing.T, s suite) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := s.Watch(ctx, uuidA)
	must(t, err)
	next := func(want hypervisor.State, reason string) {
		t.Helper()
		got, open := <-events
		if !open || got.State != want || got.Reason != reason {
			t.Fatalf("got %+v (open: %t), want %s, %s", got, open, want, reason)
		}
	}
	next(hypervisor.Absent, "now")
	s.mustDefine(t)
	next(hypervisor.Off, "defined")
	must(t, s.Define(t.Context(), s.sample(nameB, uuidB)))
	for range 2 {
		must(t, s.Start(t.Context(), uuidA))
		next(hypervisor.Running, "started")
		must(t, s.Destroy(t.Context(), uuidA))
		next(hypervisor.Off, "destroyed")
	}
	must(t, s.Start(t.Context(), uuidA))
	next(hypervisor.Running, "started")
	must(t, s.Shutdown(t.Context(), uuidA))
	next(hypervisor.Off, "shutdown")
	must(t, s.Undefine(t.Context(), uuidA))
	next(hypervisor.Absent, "undefined")
	cancel()
	for e := range events {
		t.Errorf("after its end: %+v", e)
	}
}

func watchTwice(t *testing.T, s suite) {
	s.mustDefine(t)
	first, err := s.Watch(t.Context(), uuidA)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	other, err := s.Watch(ctx, uuidA)
	must(t, err)
	<-first
	<-other
	must(t, s.Start(t.Context(), uuidA))
	for name, events := range map[string]<-chan hypervisor.Event{"first": first, "second": other} {
		if e := <-events; e.State != hypervisor.Running {
			t.Errorf("the %s watch got %+v", name, e)
		}
	}
	cancel()
	for range other {
	}
	must(t, s.Destroy(t.Context(), uuidA))
	if e := <-first; e.State != hypervisor.Off {
		t.Errorf("after the end of the second, the first watch got %+v", e)
	}
}

func ended(t *testing.T, s suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	xml, err := testNetwork().XML()
	must(t, err)
	for what, err := range map[string]error{
		"define":         s.Define(ctx, s.sample(nameA, uuidA)),
		"start":          s.Start(ctx, uuidA),
		"shutdown":       s.Shutdown(ctx, uuidA),
		"destroy":        s.Destroy(ctx, uuidA),
		"undefine":       s.Undefine(ctx, uuidA),
		"state":          second(s.State(ctx, uuidA)),
		"states":         second(s.States(ctx)),
		"watch":          second(s.Watch(ctx, uuidA)),
		"detach":         second(s.DetachDisk(ctx, uuidA, "vdc")),
		"resize":         s.ResizeDisk(ctx, uuidA, "vdb", 1<<30),
		"disk errors":    second(s.DiskErrors(ctx, uuidA)),
		"resume":         s.Resume(ctx, uuidA),
		"channel":        second(s.Channel(ctx, uuidA, report.Channel)),
		"console":        second(s.Console(ctx, uuidA)),
		"stats":          second(s.Stats(ctx, uuidA)),
		"live XML":       second(s.LiveXML(ctx, uuidA)),
		"ensure network": s.EnsureNetwork(ctx, xml),
		"ensure filter":  s.EnsureFilter(ctx, "holm-x", "<filter name='holm-x'/>"),
		"remove filter":  s.RemoveFilter(ctx, "holm-x"),
		"remove network": func() error { _, err := s.RemoveNetwork(ctx, testNetwork().UUID); return err }(),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", what, err, context.Canceled)
		}
	}
	s.is(t, hypervisor.Absent)
}
