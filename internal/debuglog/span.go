package debuglog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// tellAfter is after how long something that has not ended is told of, and again after twice as long each time: what hangs is
// what a reader looks for, and it has no end to be told.
const tellAfter = 2 * time.Second

// Span is something that takes its time. A nil one is told to nobody.
type Span struct {
	log   *slog.Logger
	what  string
	begun time.Time

	mu    sync.Mutex
	timer *time.Timer // nil once it has ended
}

// Begin begins something. It is told of when it ends, and before if that takes long. It returns nil where nobody reads it.
func Begin(ctx context.Context, what string, about ...slog.Attr) *Span {
	log := listening(ctx)
	if log == nil {
		return nil
	}
	s := &Span{log: slog.New(log.Handler().WithAttrs(about)), what: what, begun: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(tellAfter, s.goesOn)
	return s
}

func (s *Span) goesOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		return
	}
	s.log.Debug(s.what+" goes on", slog.Duration("after", s.took()))
	s.timer.Reset(time.Since(s.begun))
}

// Note tells what has become known of it meanwhile.
func (s *Span) Note(news ...slog.Attr) {
	if s != nil {
		s.tell(s.what+" goes on", slog.Duration("after", s.took()), news)
	}
}

// End ends it. A second end is none.
func (s *Span) End(how ...slog.Attr) {
	if s == nil {
		return
	}
	s.mu.Lock()
	timer := s.timer
	s.timer = nil
	s.mu.Unlock()
	if timer == nil {
		return
	}
	timer.Stop()
	s.tell(s.what, slog.Duration("took", s.took()), how)
}

func (s *Span) tell(what string, when slog.Attr, more []slog.Attr) {
	args := []any{when}
	for _, attr := range more {
		args = append(args, attr)
	}
	s.log.Debug(what, args...)
}

func (s *Span) took() time.Duration { return time.Since(s.begun).Round(100 * time.Microsecond) }
