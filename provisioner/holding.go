package provisioner

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

// manner is what to do when another holm is at work on an instance.
type manner int

const (
	atOnce   manner = iota // it is refused
	inTurn                 // it is waited for
	breaksIn               // it gives way, if all that it does is to wait for the guest or to look at it
)

const (
	// looksForClaims is how often whoever waits for a guest, or looks at it, finds out whether it has to give way.
	looksForClaims = time.Second
	// givesWayWithin is how long that may take.
	givesWayWithin = 10 * time.Second
)

// errGaveWay ends a wait, or a look, that another holm did not want to wait for.
var errGaveWay = fault.New(fault.Busy, "", "gave way to another holm, which stops or removes it")

func (p *Provisioner) lockPath(tenant, name string) string {
	return filepath.Join(p.Dir, "locks", tenant+"."+name)
}

// claimPath is the lock of whoever wants to break in. No instance's name has a dot.
func (p *Provisioner) claimPath(tenant, name string) string {
	return p.lockPath(tenant, name) + ".claim"
}

// holdName takes the lock of an instance's name, so that no two operations work on it. wait decides what happens when
// somebody else has it.
func (p *Provisioner) holdName(ctx context.Context, tenant, name string, wait bool) (release func(), err error) {
	path := p.lockPath(tenant, name)
	take := lock.Try
	if wait {
		take = func(path string) (*lock.Lock, error) { return lock.Acquire(ctx, path) }
	}
	held, err := take(path)
	remedy := "wait for it: " + command("wait", model.Instance{Tenant: tenant, Name: name})
	switch {
	case err == nil:
		held.Note(strconv.Itoa(os.Getpid()) + " " + p.Now().UTC().Format(time.TimeOnly))
		return func() { _ = held.Release() }, nil
	case ended(ctx, err):
		return nil, cutShort(context.Cause(ctx), remedy, "another holm is at work on instance %q%s", name, whoHolds(path))
	case errors.Is(err, lock.ErrHeld):
		return nil, fault.New(fault.Busy, remedy, "another holm is at work on instance %q%s", name, whoHolds(path))
	default:
		return nil, err
	}
}

// breakIn is holdName for what must not be held up by a guest that never gets ready, or by somebody who looks at it.
func (p *Provisioner) breakIn(ctx context.Context, tenant, name string) (release func(), err error) {
	release, busy := p.holdName(ctx, tenant, name, false)
	if fault.KindOf(busy) != fault.Busy {
		return release, busy
	}
	soon, cancel := context.WithTimeout(ctx, givesWayWithin)
	defer cancel()
	claim, err := lock.Acquire(soon, p.claimPath(tenant, name))
	if err != nil {
		return nil, busy
	}
	defer func() { _ = claim.Release() }()
	release, err = p.holdName(soon, tenant, name, true)
	if err != nil && ctx.Err() == nil {
		return nil, busy // it does more than to wait, and is not to be disturbed
	}
	return release, err
}

// givingWay returns a context that ends when another holm breaks in. What runs under it has to be such that it can be
// interrupted at any time.
func (p *Provisioner) givingWay(ctx context.Context, inst model.Instance) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	path := p.claimPath(inst.Tenant, inst.Name)
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
				cancel(errGaveWay)
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
	return fmt.Sprintf(" (%.60s, process %s, since %s UTC)", clean(strings.Join(words, " ")), pid, since)
}
