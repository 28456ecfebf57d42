// Package keeper keeps the promises of a k3s instance that no file can make, because they are about namespaces that do
// not exist yet: in every namespace but kube-system, nothing may be reached or reach out except DNS, and pods get no
// token for the API unless they ask for one.
//
// A namespace in which that is set up is marked as guarded, and an admission policy of the profile refuses pods where
// the mark is missing: however slow the keeper is, no pod runs before its namespace is guarded.
package keeper

import (
	"context"
	"errors"
	"sync"
	"time"

	"holm/guest/k3sapi"
)

// What the keeper sets up in a namespace, and its mark.
const (
	Label       = "holm.internal/guarded" // on the namespace; "true"
	DefaultDeny = "holm-default-deny"     // network policy: nothing in, nothing out
	AllowDNS    = "holm-allow-dns"        // network policy: out to the cluster's DNS
	Exempt      = "kube-system"           // the one namespace that is left alone
)

// Settle is how long a namespace whose mark was taken away stays without one. Somebody who takes it away again and again
// does not keep the keeper busy, and until it is back the namespace gets no pod: that is the safe side.
const Settle = 3 * time.Second

const (
	lookAnew   = 5 * time.Minute // how long the watches go on before everything is compared again
	retryFirst = 200 * time.Millisecond
	retryLast  = 15 * time.Second
)

// Keeper is the service.
type Keeper struct {
	// Connect makes a client of an administrator. It is called anew for every round, because k3s renews certificates.
	Connect func() (*k3sapi.Client, error)
}

// Run guards every namespace that is there and that comes, until ctx ends. It calls firstRound once, when all that were
// there are guarded, or have refused it several times. An API that does not answer is waited for.
func (k *Keeper) Run(ctx context.Context, firstRound func()) {
	done := sync.OnceFunc(firstRound)
	wait := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		if err := k.round(ctx, done); err == nil || time.Since(began) > retryLast {
			wait = retryFirst
		}
		pause(ctx, wait)
		wait = min(2*wait, retryLast)
	}
}

// round compares everything once, puts right what is wrong, and goes on with what changes. It returns when a watch
// ends: nil when that was in good order.
func (k *Keeper) round(ctx context.Context, done func()) error {
	api, err := k.Connect()
	if err != nil {
		return err
	}
	defer api.Close()
	found, err := look(ctx, api)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work := newQueue(found, done)
	events := make(chan event, 64)
	var all sync.WaitGroup
	defer all.Wait()
	ended := make(chan error, len(watched()))
	for _, w := range watched() {
		all.Go(func() { ended <- w.follow(ctx, api, found.versions[w.path], events) })
	}
	all.Go(func() { work.run(ctx, api, events) })
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	cancel()
	return err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// gone tells whether the API said that there is no such thing (any more).
func gone(err error) bool {
	e, ok := errors.AsType[*k3sapi.Error](err)
	return ok && e.Code == 404
}
