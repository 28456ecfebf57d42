package verify

import (
	"context"
	"sync"
	"time"

	"holm/guest/report"
)

// Answer is what the guest says while it is checked, as it becomes known: host checks that need it wait for it. Its
// methods may be called from several goroutines.
type Answer struct {
	mu   sync.Mutex
	said Said
	bait int

	begun, baited, over chan struct{} // closed when it is so
}

// Said is the first thing that the guest said, and between which times of the host it said it.
type Said struct {
	Report report.Report
	Asked  time.Time
	Heard  time.Time
}

// NewAnswer is an answer of which nothing is known yet.
func NewAnswer() *Answer {
	return &Answer{begun: make(chan struct{}), baited: make(chan struct{}), over: make(chan struct{})}
}

// Tell takes one report of the guest; its first one, and the first that names a bait, count.
func (a *Answer) Tell(s Said) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !closed(a.begun) {
		a.said = s
		close(a.begun)
	}
	if port := s.Report.Bait; port > 0 && port <= 65535 && !closed(a.baited) {
		a.bait = port
		close(a.baited)
	}
}

// End says that no more comes, for better or worse: the bait is gone.
func (a *Answer) End() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !closed(a.over) {
		close(a.over)
	}
}

// first waits for the first report; false when there is none.
func (a *Answer) first(ctx context.Context) (Said, bool) {
	a.await(ctx, a.begun)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said, closed(a.begun)
}

// port waits for the bait; 0 when there is none.
func (a *Answer) port(ctx context.Context) int {
	a.await(ctx, a.baited)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bait
}

func (a *Answer) await(ctx context.Context, known <-chan struct{}) {
	select {
	case <-known:
	case <-a.over:
	case <-ctx.Done():
	}
}

// ended tells whether the guest has said all.
func (a *Answer) ended() bool { return closed(a.over) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
