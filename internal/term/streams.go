// Package term is how holm speaks to whoever called it: the three streams and whether a person sits at them, aligned
// tables on a terminal and tab-separated lines in a pipe, documents in JSON and YAML, steps that move, progress bars
// and the one question before something is deleted. It knows nothing of instances or images.
package term

import (
	"io"
	"os"
	"strings"
	"sync"

	xterm "golang.org/x/term"
)

// DefaultWidth is the number of columns that output is made for when the terminal does not say.
const DefaultWidth = 80

// Streams are the input and outputs of one run of holm. Results go to Out; talk, progress and errors go to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	// Whether a person sits at the stream.
	InTerminal, OutTerminal, ErrTerminal bool

	// Width is the number of columns of the terminal.
	Width int
	// Color allows colour on those outputs that are terminals.
	Color bool

	mu     sync.Mutex
	bottom string    // the line that moves, as it stands on the terminal now
	above  io.Writer // where lines go while progress bars own the bottom of the terminal
}

// New wraps three streams that belong to no terminal.
func New(in io.Reader, out, err io.Writer) *Streams {
	return &Streams{In: in, Out: out, Err: err, Width: DefaultWidth}
}

// System returns the streams of this process. NO_COLOR (any value but the empty one) and TERM=dumb switch colour off.
func System(getenv func(string) string) *Streams {
	s := New(os.Stdin, os.Stdout, os.Stderr)
	dumb := getenv("TERM") == "dumb"
	s.InTerminal = xterm.IsTerminal(int(os.Stdin.Fd()))
	s.OutTerminal = xterm.IsTerminal(int(os.Stdout.Fd()))
	s.ErrTerminal = xterm.IsTerminal(int(os.Stderr.Fd())) && !dumb
	s.Color = getenv("NO_COLOR") == "" && !dumb
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := xterm.GetSize(int(f.Fd())); err == nil && w > 0 {
			s.Width = w
			break
		}
	}
	return s
}

// OutStyle is how marks are coloured on Out.
func (s *Streams) OutStyle() Style { return Style(s.Color && s.OutTerminal) }

// ErrStyle is how marks are coloured on Err.
func (s *Streams) ErrStyle() Style { return Style(s.Color && s.ErrTerminal) }

const (
	eraseLine = "\r\x1b[K"
	lineBreak = "\n"
)

// Say writes text and a line break to Err, above the line that moves. Nothing can be done about an Err that is
// closed, so its errors are dropped.
func (s *Streams) Say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.Err
	if s.above != nil {
		w = s.above
	}
	var b strings.Builder
	if s.bottom != "" {
		b.WriteString(eraseLine)
	}
	b.WriteString(text + lineBreak + s.bottom)
	_, _ = io.WriteString(w, b.String())
}

// Lines is a writer that says each line it is given, with its line break, as Say does.
func (s *Streams) Lines() io.Writer { return lines{s} }

type lines struct{ s *Streams }

// Write says p. It never fails.
func (l lines) Write(p []byte) (int, error) {
	l.s.Say(strings.TrimSuffix(string(p), lineBreak))
	return len(p), nil
}

// move replaces the line that moves; "" takes it away. In a pipe nothing moves.
func (s *Streams) move(text string) {
	if !s.ErrTerminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" && s.bottom == "" {
		return
	}
	s.bottom = text
	_, _ = io.WriteString(s.Err, eraseLine+text)
}

// divert sends what is said to w until it is called again with nil.
func (s *Streams) divert(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.above = w
}

// Raw puts the terminal at In into raw mode, in which each key reaches the program as it is pressed, and returns what
// puts it back. When In is no terminal there is nothing to do.
func (s *Streams) Raw() (restore func() error, err error) {
	f, ok := s.In.(*os.File)
	if !ok || !s.InTerminal {
		return func() error { return nil }, nil
	}
	old, err := xterm.MakeRaw(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	return func() error { return xterm.Restore(int(f.Fd()), old) }, nil
}
