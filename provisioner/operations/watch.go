package operations

import (
	"sync"
	"time"

	"holm/provisioner/saga"
)

// Watcher turns what happens into events for an Observer. Steps of a stage run at the same time, so it keeps order.
type Watcher struct {
	mu      sync.Mutex
	observe Observer
	Watched bool // a person sees what is told
	now     func() time.Time
	begun   map[string]time.Time
	texts   map[string]string
}

// Watch returns a watcher that tells o, or nobody when that is nil.
func (svc *Service) Watch(o Observer) *Watcher {
	watched := o != nil
	if !watched {
		o = func(Event) {}
	}
	return &Watcher{observe: o, Watched: watched, now: svc.Now, begun: map[string]time.Time{}, texts: map[string]string{}}
}

// Begin tells that a step has begun.
func (w *Watcher) Begin(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[step] = w.now()
	w.observe(Event{Step: step, Phase: Begun})
}

// Finish tells that it is done.
func (w *Watcher) Finish(step, text string) { w.Tell(step, Finished, text) }

// Note tells how it goes on.
func (w *Watcher) Note(step, text string) { w.Tell(step, Noted, text) }

// Tell tells that a step has come to a phase.
func (w *Watcher) Tell(step string, phase Phase, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.observe(Event{Step: step, Phase: phase, Text: text, Elapsed: w.now().Sub(w.begun[step])})
}

// Text remembers what to say of a step once the runner reports that it is finished.
func (w *Watcher) Text(step, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[step] = text
}

// Runner is the step runner, with its events passed on. The folder is no news to a person.
func (svc *Service) Runner(w *Watcher) *saga.Runner {
	phases := map[saga.Phase]Phase{saga.Begun: Begun, saga.Finished: Finished, saga.Broken: Broken, saga.Undone: Undone}
	return &saga.Runner{
		Journal: svc.Records, Crash: svc.CrashAt, Now: svc.Now,
		Observe: func(e saga.Event) {
			if e.Step == "folder" {
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			event := Event{Step: e.Step, Phase: phases[e.Phase], Elapsed: e.Elapsed}
			if e.Phase == saga.Finished {
				event.Text = w.texts[e.Step]
			}
			if e.Err != nil {
				event.Text = e.Err.Error()
			}
			w.observe(event)
		},
	}
}
