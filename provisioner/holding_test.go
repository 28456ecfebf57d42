package provisioner_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holm/internal/fault"
	"holm/internal/lock"
	"holm/provisioner/hypervisor"
	"holm/provisioner/model"
	"holm/provisioner/operations"
	"holm/storage/records"
)

func TestWhoMerelyWaitsForAGuestGivesWay(t *testing.T) {
	for name, c := range map[string]struct {
		waits func(t *testing.T, w *world) error
		acts  func(t *testing.T, w *world) error
		state model.State // "" when the record is gone
	}{
		"a start to a stop": {
			func(t *testing.T, w *world) error {
				return second(w.holm().Instances.Start(t.Context(), "default", "web", nil))
			},
			func(t *testing.T, w *world) error {
				return w.holm().Instances.Stop(t.Context(), "default", "web", true, nil)
			},
			model.Stopped,
		},
		"a start to a removal": {
			func(t *testing.T, w *world) error {
				return second(w.holm().Instances.Start(t.Context(), "default", "web", nil))
			},
			func(t *testing.T, w *world) error {
				return w.holm().Instances.Remove(t.Context(), "default", "web", nil)
			},
			"",
		},
		"a look to a stop": {
			func(t *testing.T, w *world) error {
				return second(w.holm().Proof.Verify(t.Context(), "default", "web", nil))
			},
			func(t *testing.T, w *world) error {
				return w.holm().Instances.Stop(t.Context(), "default", "web", true, nil)
			},
			model.Stopped,
		},
		"a wait to a removal": {
			func(t *testing.T, w *world) error {
				return second(w.holm().Instances.Wait(t.Context(), "default", "web", nil))
			},
			func(t *testing.T, w *world) error {
				return w.holm().Instances.Remove(t.Context(), "default", "web", nil)
			},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var quiet atomic.Bool
				w.play(func(uuid string, port io.ReadWriter) { honest()(uuid, hushed{port, &quiet}) })
				w.created("web")
				if strings.HasPrefix(name, "a start") {
					must(t, w.holm().Instances.Stop(t.Context(), "default", "web", true, nil))
				}
				quiet.Store(true)
				waited := make(chan error, 1)
				go func() { waited <- c.waits(t, w) }()
				synctest.Wait()
				<-time.After(30 * time.Second)
				began := time.Now()
				must(t, c.acts(t, w))
				if took := time.Since(began); took > 20*time.Second {
					t.Errorf("it took %s", took)
				}
				refused(t, <-waited, fault.Busy, "gave way to another holm")
				after, err := w.records.Instance(t.Context(), "default", "web")
				if c.state == "" && !errors.Is(err, records.ErrNotFound) || c.state != "" && after.State != c.state {
					t.Errorf("it is %s on record (%v)", after.State, err)
				}
			})
		})
	}
}

// hushed is a port at which the guest's words get lost while it is quiet.
type hushed struct {
	io.ReadWriter
	quiet *atomic.Bool
}

func (h hushed) Write(p []byte) (int, error) {
	if h.quiet.Load() {
		return len(p), nil
	}
	return h.ReadWriter.Write(p)
}

func second[T any](_ T, err error) error { return err }

func TestALockSaysWhoHasIt(t *testing.T) {
	w := newWorld(t)
	w.created("web")
	path := filepath.Join(w.dir, "locks", "default.web")
	held, err := lock.Try(path)
	must(t, err)
	defer func() { must(t, held.Release()) }()
	for note, want := range map[string]string{
		fmt.Sprintf("%d 12:03:04", os.Getppid()): fmt.Sprintf(", process %d, since 12:03:04 UTC)", os.Getppid()),
		"":                                       `instance "web"`, "x": `instance "web"`, "1 \x1b[2J": `instance "web"`, "../self 12:03:04": `instance "web"`,
	} {
		held.Note(note)
		_, err := w.holm().Instances.Start(t.Context(), "default", "web", nil)
		refused(t, err, fault.Busy, `another holm is at work on instance "web"`)
		if !strings.HasSuffix(err.Error(), want) {
			t.Errorf("of %q it says %q, want %q", note, err, want)
		}
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Error("the lock is gone")
	}
}

// Silent guests of one tenant keep nobody else's from being started after the host's reboot.
func TestSilentGuestsHoldUpNobodyElsesStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tenantNamed("bad")
		w.tenantNamed("good")
		for i := range 8 {
			w.createdFor("bad", fmt.Sprintf("silent%d", i))
		}
		good := w.createdFor("good", "web")
		all, err := w.records.Instances(t.Context())
		must(t, err)
		quiet := map[string]bool{}
		for _, inst := range all {
			quiet[inst.UUID] = inst.Tenant == "bad"
			must(t, w.hyp.Destroy(t.Context(), inst.UUID))
		}
		w.play(func(uuid string, port io.ReadWriter) {
			if quiet[uuid] {
				silent(uuid, port)
				return
			}
			honest()(uuid, port)
		})
		began, ready := time.Now(), time.Hour
		started, err := w.holm().Instances.StartAll(t.Context(), func(e operations.Event) {
			if e.Step == "good/web" && e.Phase == operations.Finished {
				ready = time.Since(began)
			}
		})
		must(t, err)
		if len(started) != 9 || ready > 2*time.Minute {
			t.Errorf("of %d, the good one was ready after %s", len(started), ready)
		}
		if got := w.state(good); got != hypervisor.Running {
			t.Errorf("it is %s", got)
		}
	})
}
