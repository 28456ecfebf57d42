package provisioner_test

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"holm/guest/report"
	"holm/provisioner/model"
)

// rebooted is a guest that is how the test says at each moment, and keeps its promises.
func rebooted(now *atomic.Pointer[report.Report]) guest {
	return func(_ string, port io.ReadWriter) {
		for q := range questions(port) {
			r := now.Load()
			switch {
			case r == nil:
				continue // it is on its way through its firmware
			case q.Ask == report.AskChecks:
				checked := checkedReport()
				r = &checked
			}
			if writeReport(port, q, *r) != nil {
				return
			}
		}
	}
}

// readyWith is what a guest says that is ready, of a boot of its own.
func readyWith(boot string) *report.Report {
	r := readyReport()
	r.BootID = boot
	return &r
}

const (
	firstBoot  = "11111111-1111-4111-8111-111111111111"
	secondBoot = "22222222-2222-4222-8222-222222222222"
)

func TestARebootFromWithinIsSeenAndWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var now atomic.Pointer[report.Report]
		now.Store(readyWith(firstBoot))
		w.play(rebooted(&now))
		w.created("web")
		look := func(want model.State) {
			t.Helper()
			v, err := w.holm().Instances.Show(t.Context(), "default", "web")
			must(t, err)
			rows, err := w.holm().Instances.List(t.Context(), "")
			must(t, err)
			if v.Status != string(want) || rows[0].Status != string(want) {
				t.Errorf("it is shown as %s (%s) and listed as %s, want %s", v.Status, v.Now, rows[0].Status, want)
			}
		}
		look(model.Ready)
		now.Store(nil)
		look(model.Booting)
		now.Store(&report.Report{Stage: report.StageDocker})
		look(model.Booting)
		now.Store(&report.Report{Stage: report.StageFailed, Note: "no docker"})
		look(model.Failed)

		now.Store(nil)
		waited := make(chan error)
		go func() {
			_, err := w.holm().Instances.Wait(t.Context(), "default", "web", nil)
			waited <- err
		}()
		synctest.Wait()
		now.Store(readyWith(secondBoot))
		must(t, <-waited)
		look(model.Ready)
		if inst := w.record(); inst.State != model.Ready || inst.BootID != secondBoot || inst.ChecksPassed == 0 {
			t.Errorf("its record is %+v, want it ready and checked in its second boot", inst)
		}
	})
}

func TestAnInstanceWhoseReadyPortIsOpenIsAskedNothing(t *testing.T) {
	w := newWorld(t)
	inst := w.created("web")
	w.hyp.Open(inst.UUID, report.ReadyPort)
	before := len(w.hyp.Calls())
	v, err := w.holm().Instances.Show(t.Context(), "default", "web")
	must(t, err)
	for _, call := range w.hyp.Calls()[before:] {
		if call == "Channel" {
			t.Error("the guest was asked")
		}
	}
	if v.Status != "ready" {
		t.Errorf("it is %s", v.Status)
	}
}

func TestALookDoesNotWaitForWhoIsAtWorkOnTheGuestAndWorkWaitsForALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		inst := w.created("web")
		port, err := w.hyp.Channel(t.Context(), inst.UUID, report.Channel)
		must(t, err)
		v, err := w.holm().Instances.Show(t.Context(), "default", "web")
		must(t, err)
		if v.Status != "ready" {
			t.Errorf("while another holm speaks with it, it is %s", v.Status)
		}
		waited := make(chan error)
		go func() {
			_, err := w.holm().Instances.Restart(t.Context(), "default", "web", nil)
			waited <- err
		}()
		synctest.Wait()
		must(t, port.Close())
		must(t, <-waited)
	})
}
