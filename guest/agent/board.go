package agent

import (
	"sync"
	"unicode"

	"holm/guest/report"
)

// board holds the latest report; readers are woken when it changes.
type board struct {
	mu       sync.Mutex
	current  report.Report
	changed  chan struct{} // closed and replaced at each change
	identity func(*report.Report)
}

func newBoard(identity func(*report.Report)) *board {
	b := &board{changed: make(chan struct{}), identity: identity}
	b.current.Stage = report.StageBoot
	return b
}

func (b *board) set(stage, note string, checks []report.Check) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current.Stage, b.current.Note, b.current.Checks = stage, oneLine(note), nil
	for _, c := range checks {
		c.Found = oneLine(c.Found)
		b.current.Checks = append(b.current.Checks, c)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// read returns the report as it is now, and a channel that is closed once it is no longer true.
func (b *board) read() (report.Report, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.current
	b.identity(&r)
	return r, b.changed
}

// oneLine keeps a text short and on one line, as the report's fields promise.
func oneLine(s string) string {
	const most = 1000
	out := make([]rune, 0, min(len(s), most))
	for _, r := range s {
		if unicode.IsControl(r) {
			r = ' '
		}
		if len(out) == most {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
