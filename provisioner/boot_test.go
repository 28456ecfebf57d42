package provisioner_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
)

// patience is a context that ends after the time that a create usually has.
func patience(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), 10*time.Minute)
}

func TestACtrlCWhileBootingKeepsTheGuestAndWaitGoesOn(t *testing.T) {
	w := newWorld(t)
	w.play(silent)
	inst := w.interrupted()
	if inst.State != model.Booting || !inst.SeedAttached || w.state(inst) != hypervisor.Running {
		t.Fatalf("the guest is %s and its record %+v, want it running and booting", w.state(inst), inst)
	}
	w.hyp.PowerOff(inst.UUID) // only another boot makes it talk
	w.play(honest())
	inst, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
	must(t, err)
	if inst.State != model.Ready {
		t.Errorf("it is %s", inst.State)
	}
}

func TestACtrlCAtTheStartComesTooLateToUndoIt(t *testing.T) {
	for _, point := range []string{"create.started.after", "create.built"} {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			w.at(point, func() { cancel(errCtrlC) })
			_, err := w.holm().Instances.Create(ctx, web(), nil)
			refused(t, err, fault.Interrupted, "holm wait web")
			if inst := w.record(); inst.State != model.Booting || w.state(inst) != hypervisor.Running {
				t.Fatalf("the guest is %s and its record %s", w.state(inst), inst.State)
			}
			_, err = w.holm().Instances.Wait(t.Context(), "default", "web", nil)
			must(t, err)
		})
	}
}

func TestWaitTakesUpABootAndCountsFromItsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		talk := make(chan struct{})
		w.play(func(uuid string, port io.ReadWriter) {
			<-talk
			honest()(uuid, port)
		})
		inst := w.interrupted()
		<-time.After(40 * time.Second)
		close(talk)
		inst, err := w.holm().Instances.Wait(t.Context(), inst.Tenant, inst.Name, nil)
		must(t, err)
		if inst.State != model.Ready || inst.ReadyAfter < 40*time.Second || inst.ReadyAfter > time.Minute {
			t.Errorf("it is %s after %s, want it ready after 40 s", inst.State, inst.ReadyAfter)
		}
	})
}

func TestAGuestThatIsNotReadyInTimeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.play(silent)
		ctx, cancel := patience(t)
		defer cancel()
		_, err := w.holm().Instances.Create(ctx, web(), nil)
		refused(t, err, fault.Failure, `instance "web" is not ready yet: the time is up`, "holm wait web")
		if inst := w.record(); inst.State != model.Booting || w.state(inst) != hypervisor.Running {
			t.Errorf("the record is %s and the guest %s", inst.State, w.state(inst))
		}
	})
}

func TestAQuestionThatGotLostIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.play(func(uuid string, port io.ReadWriter) {
			for range questions(port) {
				break // as an agent that dies over its first question
			}
			honest()(uuid, port)
		})
		ctx, cancel := patience(t)
		defer cancel()
		_, err := w.holm().Instances.Create(ctx, web(), nil)
		must(t, err)
	})
}

func TestAGuestThatEndsWhileBootingIsKeptWithItsLastWords(t *testing.T) {
	const dots = "[    1.0] Kernel panic - not syncing: VFS: no root\r\n[    1.1] CPU: 0\r\n" +
		"[    1.2] ---[ end Kernel panic - not syncing: VFS: no root ]---\r\n"
	for name, c := range map[string]struct {
		log  string
		ends func(w *world, uuid string)
		says string
	}{
		"switched off": {
			"all is well\nholm: this instance cannot boot: verity: the root hash is another one\npower down\n",
			func(w *world, uuid string) { w.hyp.PowerOff(uuid) }, "the guest switched itself off while booting: holm: this instance cannot boot: verity: the root hash is another one",
		},
		"crashed": {
			strings.Repeat("noise\n", 10000) + dots,
			func(w *world, uuid string) { w.hyp.Crash(uuid) }, "the guest's kernel stopped while booting: Kernel panic - not syncing: VFS: no root",
		},
		"without complaint": {
			"\x1b[0;32m  OK  \x1b[0m Reached target\x1b[0m.\r\n\r\n \n",
			func(w *world, uuid string) { w.hyp.PowerOff(uuid) }, "the guest switched itself off while booting: OK   Reached target.",
		},
		"without a word": {"", func(w *world, uuid string) { w.hyp.PowerOff(uuid) }, "the guest switched itself off while booting (shutdown)"},
		"destroyed by somebody": {
			"", func(w *world, uuid string) { must(w.t, w.hyp.Destroy(w.t.Context(), uuid)) },
			"somebody cut the guest's power while it was booting",
		},
		"undefined by somebody": {
			"", func(w *world, uuid string) { must(w.t, w.hyp.Undefine(w.t.Context(), uuid)) },
			"somebody removed the domain while the guest was booting",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(func(uuid string, port io.ReadWriter) {
				if c.log != "" {
					must(t, os.WriteFile(w.file(w.record().ID, "console.log"), []byte(c.log), 0o600))
				}
				for range questions(port) {
					c.ends(w, uuid)
				}
			})
			_, err := w.holm().Instances.Create(t.Context(), web(), nil)
			refused(t, err, fault.Failure, `instance "web" is not ready: `+c.says, "holm logs web", "holm rm web")
			if inst := w.record(); inst.State != model.Failed || !strings.HasPrefix(inst.Failure, c.says) {
				t.Errorf("the record is %s: %q", inst.State, inst.Failure)
			}
			must(t, w.holm().Instances.Remove(t.Context(), "default", "web", nil))
		})
	}
}

func TestAGuestThatEndsBeforeItsPortIsOpenedHasFailed(t *testing.T) {
	w := newWorld(t)
	w.hyp.OnStart(w.hyp.PowerOff)
	_, err := w.holm().Instances.Create(t.Context(), web(), nil)
	refused(t, err, fault.Failure, "the guest switched itself off while booting")
	if inst := w.record(); inst.State != model.Failed {
		t.Errorf("the record is %s", inst.State)
	}
}

func TestTroubleOnTheWayToTheGuestIsNotTheGuestsFailure(t *testing.T) {
	for _, method := range []string{"Watch", "Channel", "DetachDisk"} {
		t.Run(method, func(t *testing.T) {
			w := newWorld(t)
			w.failing(method)
			_, err := w.holm().Instances.Create(t.Context(), web(), nil)
			refused(t, err, fault.Unfit, "goes on booting, but: ", "boom", "mend it")
			inst := w.record()
			if inst.State != model.Booting || !inst.SeedAttached || !exists(t, w.file(inst.ID, "seed.iso")) {
				t.Errorf("the seed is gone, or the record says so: %+v", inst)
			}
			w.hyp.FailWith(nil)
			inst, err = w.holm().Instances.Wait(t.Context(), "default", "web", nil)
			must(t, err)
			if inst.State != model.Ready || inst.SeedAttached || exists(t, w.file(inst.ID, "seed.iso")) {
				t.Errorf("the seed is still there, or the record says so: %+v", inst)
			}
		})
	}
}

func TestACtrlCWhileItSettlesKeepsOrFinishes(t *testing.T) {
	for _, point := range []string{"ready.before", "ready.seed-detached", "ready.seed-deleted", "ready.settled", "ready.verified"} {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			w.at(point, func() { cancel(errCtrlC) })
			_, err := w.holm().Instances.Create(ctx, web(), nil)
			if point != "ready.verified" {
				refused(t, err, fault.Interrupted, "holm wait web")
				w.crash = nil
				_, err = w.holm().Instances.Wait(t.Context(), "default", "web", nil)
			}
			must(t, err)
			if inst := w.record(); inst.State != model.Ready || inst.SeedAttached || exists(t, w.file(inst.ID, "seed.iso")) {
				t.Errorf("it is not settled: %+v", inst)
			}
		})
	}
}

func TestAGuestThatHoldsOnToItsSeedIsReadyAndLosesItAtItsNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.hyp.HoldDisks(true)
		inst := w.created("web")
		if inst.State != model.Ready || !inst.SeedAttached || exists(t, w.file(inst.ID, "seed.iso")) {
			t.Fatalf("want it ready, the seed attached and its file deleted: %+v", inst)
		}
		w.hyp.HoldDisks(false)
		inst, err := w.holm().Instances.Restart(t.Context(), "default", "web", nil)
		must(t, err)
		if inst.State != model.Ready || inst.SeedAttached {
			t.Errorf("the seed is still attached: %+v", inst)
		}
	})
}

func TestTheNotesOfAHostileGuestAreCleaned(t *testing.T) {
	w := newWorld(t)
	w.play(answering(report.Report{Stage: report.StageBoot, Note: strings.Repeat("x", 2000) + "\x1b[2J\u202e"}, readyReport()))
	said := ""
	_, err := w.holm().Instances.Create(t.Context(), web(), func(e operations.Event) {
		if e.Phase == operations.Noted {
			said += fmt.Sprintln(e.Text)
		}
	})
	must(t, err)
	if strings.ContainsAny(said, "\x1b\u202e") || len(said) > 700 {
		t.Errorf("the notes of a hostile guest are passed on as they are: %q", said)
	}
}
