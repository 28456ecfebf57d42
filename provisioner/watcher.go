package provisioner

import (
	"sync"
	"time"

	"holm/provisioner/saga"
)

// watcher turns what happens into events for an Observer. Steps of a stage run at the same time, so it keeps order.
type watcher struct {
	mu      sync.Mutex
	observe Observer
	watched bool // a person sees what is told
	now     func() time.Time
	begun   map[string]time.Time
	texts   map[string]string
}

func (p *Provisioner) watch(o Observer) *watcher {
	watched := o != nil
	if !watched {
		o = func(Event) {}
	}
	return &watcher{observe: o, watched: watched, now: p.Now, begun: map[string]time.Time{}, texts: map[string]string{}}
}

func (w *watcher) begin(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[step] = w.now()
	w.observe(Event{Step: step, Phase: Begun})
}

func (w *watcher) finish(step, text string) { w.tell(step, Finished, text) }
func (w *watcher) note(step, text string)   { w.tell(step, Noted, text) }

func (w *watcher) tell(step string, phase Phase, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.observe(Event{Step: step, Phase: phase, Text: text, Elapsed: w.now().Sub(w.begun[step])})
}

// text remembers what to say of a step once the runner reports that it is finished.
func (w *watcher) text(step, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[step] = text
}

// runner is the step runner, with its events passed on. The folder is no news to a person.
func (p *Provisioner) runner(w *watcher) *saga.Runner {
	phases := map[saga.Phase]Phase{saga.Begun: Begun, saga.Finished: Finished, saga.Broken: Broken, saga.Undone: Undone}
	return &saga.Runner{
		Journal: p.Records, Crash: p.Crash, Now: p.Now,
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
