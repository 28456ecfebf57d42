package operations

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"holm/internal/fault"
	"holm/internal/lock"
	"holm/provisioner/model"
)

// Manner is what to do when another holm is at work on an instance.
type Manner int

// The manners of holding an instance.
const (
	AtOnce   Manner = iota // it is refused
	InTurn                 // it is waited for
	BreaksIn               // it gives way, if all that it does is to wait for the guest or to look at it
)

const (
	// looksForClaims is how often whoever waits for a guest, or looks at it, finds out whether it has to give way.
	looksForClaims = time.Second
	// givesWayWithin is how long that may take.
	givesWayWithin = 10 * time.Second
)

// ErrGaveWay ends a wait, or a look, that another holm did not want to wait for.
var ErrGaveWay = fault.New(fault.GaveWay, "", "gave way to another holm, which stops or removes it")

func (svc *Service) lockPath(tenant, name string) string {
	return filepath.Join(svc.Dir, "locks", tenant+"."+name)
}

// claimPath is the lock of whoever wants to break in. No instance's name has a dot.
func (svc *Service) claimPath(tenant, name string) string {
	return svc.lockPath(tenant, name) + ".claim"
}

// HoldName takes the lock of an instance's name, so that no two operations work on it. wait decides what happens when
// somebody else has it.
func (svc *Service) HoldName(ctx context.Context, tenant, name string, wait bool) (release func(), err error) {
	path := svc.lockPath(tenant, name)
	take := lock.Try
	if wait {
		take = func(path string) (*lock.Lock, error) { return lock.Acquire(ctx, path) }
	}
	held, err := take(path)
	remedy := "wait for it: " + model.Command("wait", model.Instance{Tenant: tenant, Name: name})
	switch {
	case err == nil:
		held.Note(strconv.Itoa(os.Getpid()) + " " + svc.Now().UTC().Format(time.TimeOnly))
		return func() { _ = held.Release() }, nil
	case IsEndOf(ctx, err):
		return nil, CutShort(context.Cause(ctx), remedy, "another holm is at work on instance %q%s", name, whoHolds(path))
	case errors.Is(err, lock.ErrHeld):
		return nil, fault.New(fault.InstanceBusy, remedy, "another holm is at work on instance %q%s", fault.Instance(name), whoHolds(path))
	default:
		return nil, err
	}
}

// AtWork tells whether a holm is at work on an instance. It takes no lock, and by the time that it answers that may have changed.
func (svc *Service) AtWork(tenant, name string) (bool, error) {
	return lock.Held(svc.lockPath(tenant, name))
}

// breakIn is holdName for what must not be held up by a guest that never gets ready, or by somebody who looks at it.
func (svc *Service) breakIn(ctx context.Context, tenant, name string) (release func(), err error) {
	release, busy := svc.HoldName(ctx, tenant, name, false)
	if fault.KindOf(busy) != fault.Busy {
		return release, busy
	}
	soon, cancel := context.WithTimeout(ctx, givesWayWithin)
	defer cancel()
	claim, err := lock.Acquire(soon, svc.claimPath(tenant, name))
	if err != nil {
		return nil, busy
	}
	defer func() { _ = claim.Release() }()
	release, err = svc.HoldName(soon, tenant, name, true)
	if err != nil && ctx.Err() == nil {
		return nil, busy // it does more than to wait, and is not to be disturbed
	}
	return release, err
}

// GivingWay returns a context that ends when another holm breaks in. What runs under it has to be such that it can be
// interrupted at any time.
func (svc *Service) GivingWay(ctx context.Context, inst model.Instance) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	path := svc.claimPath(inst.Tenant, inst.Name)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(looksForClaims) // a lock tells nobody that it was taken
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			claim, err := lock.Try(path)
			if errors.Is(err, lock.ErrHeld) {
				cancel(ErrGaveWay)
				return
			}
			if err == nil {
				_ = claim.Release()
			}
		}
	}()
	return ctx, func() {
		cancel(context.Canceled)
		<-done
	}
}

// whoHolds says whose lock it is, as far as the kernel can tell: " (holm start web, process 4711, since 12:03:04 UTC)".
func whoHolds(path string) string {
	pid, since, noted := strings.Cut(lock.NoteOf(path), " ")
	if n, err := strconv.Atoi(pid); !noted || err != nil || n <= 0 || n == os.Getpid() {
		return ""
	}
	if _, err := time.Parse(time.TimeOnly, since); err != nil {
		return ""
	}
	args, err := os.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil {
		return ""
	}
	words := strings.Split(strings.TrimRight(string(args), "\x00"), "\x00")
	words[0] = filepath.Base(words[0])
	return fmt.Sprintf(" (%.60s, process %s, since %s UTC)", model.OneLine(strings.Join(words, " ")), pid, since)
}

// HoldNetwork takes the lock under which the network is made and removed.
func (svc *Service) HoldNetwork(ctx context.Context) (release func(), err error) {
	return svc.HoldAll(ctx, ".network")
}

// HoldPools takes the lock under which pools are added and removed: what belongs to one beside its record, its folder and what
// waits for its mount, goes by its name.
func (svc *Service) HoldPools(ctx context.Context) (release func(), err error) {
	return svc.HoldAll(ctx, ".pools")
}

// HoldAll waits for a lock that is no instance's: no name begins with a dot.
func (svc *Service) HoldAll(ctx context.Context, name string) (release func(), err error) {
	held, err := lock.Acquire(ctx, filepath.Join(svc.Dir, "locks", name))
	if err != nil {
		return nil, err
	}
	return func() { _ = held.Release() }, nil
}
