package keeper

import (
	"context"
	"time"

	"holm/guest/k3sapi"
)

// queue is which namespaces have to be guarded, and when. One that fails is tried again, ever more slowly, and does not
// hold up the others.
type queue struct {
	due    map[string]task   // namespace → its task
	known  map[string]string // namespace → uid, of those that were seen in this round
	first  map[string]bool   // those that are still waited for before done is called
	primed bool              // whether there is a namespace "default": an API that has only begun has none
	done   func()
}

type task struct {
	at    time.Time
	tries int
}

// giveUp is after how many tries a namespace is no longer waited for: one whose owner has set a quota of no network
// policies must not keep the instance from becoming ready. It gets no pods.
const giveUp = 5

func newQueue(found state, done func()) *queue {
	q := &queue{due: map[string]task{}, known: map[string]string{}, first: map[string]bool{}, done: done}
	for _, ns := range found.namespaces {
		name := ns.Metadata.Name
		if name == Exempt || ns.Metadata.DeletionTimestamp != nil {
			continue
		}
		q.known[name] = ns.Metadata.UID
		q.primed = q.primed || name == "default"
		if !found.guarded(ns) {
			q.due[name] = task{at: time.Now()}
			q.first[name] = true
		}
	}
	return q
}

// run guards what is due until ctx ends.
func (q *queue) run(ctx context.Context, api *k3sapi.Client, events <-chan event) {
	for ctx.Err() == nil {
		if q.primed && len(q.first) == 0 {
			q.done()
		}
		name, wait := q.next(time.Now())
		if name != "" && wait <= 0 {
			q.try(ctx, api, name)
			q.drain(events)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case e := <-events:
			q.take(e, time.Now())
		}
		timer.Stop()
	}
}

// drain takes the events that wait, so that what they say is known before the next namespace is guarded.
func (q *queue) drain(events <-chan event) {
	for {
		select {
		case e := <-events:
			q.take(e, time.Now())
		default:
			return
		}
	}
}

// next is the namespace whose turn it is, and how long until then.
func (q *queue) next(now time.Time) (name string, wait time.Duration) {
	wait = lookAnew
	for candidate, t := range q.due {
		if left := t.at.Sub(now); left < wait {
			name, wait = candidate, left
		}
	}
	return name, wait
}

func (q *queue) try(ctx context.Context, api *k3sapi.Client, name string) {
	if err := guard(ctx, api, name); err != nil {
		t := q.due[name]
		delay := min(retryFirst<<min(t.tries, 10), retryLast)
		q.due[name] = task{at: time.Now().Add(delay), tries: t.tries + 1}
		if t.tries+1 >= giveUp {
			delete(q.first, name)
		}
		return
	}
	delete(q.due, name)
	delete(q.first, name)
}

// take puts a namespace on the list if what happened asks for it.
func (q *queue) take(e event, now time.Time) {
	switch {
	case e.going:
		delete(q.due, e.namespace)
		delete(q.known, e.namespace)
		delete(q.first, e.namespace)
	case e.uid == "":
		q.add(e.namespace, now)
	case q.known[e.namespace] != e.uid:
		// One that comes with the mark already is looked after all the same: an administrator may have set it by hand.
		q.known[e.namespace] = e.uid
		q.add(e.namespace, now)
		if !q.primed {
			q.first[e.namespace] = true
			q.primed = e.namespace == "default"
		}
	case !e.marked:
		q.add(e.namespace, now.Add(Settle))
	}
}

// add makes it due at that time; what was to be tried sooner stays.
func (q *queue) add(name string, at time.Time) {
	if t, ok := q.due[name]; !ok || at.Before(t.at) {
		q.due[name] = task{at: at, tries: t.tries}
	}
}
