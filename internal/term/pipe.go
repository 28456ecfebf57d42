package term

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

// OnBroken has broken called, once, when nobody reads Out or Err any more: head has seen enough, or the terminal is gone.
func (s *Streams) OnBroken(broken func()) {
	once := sync.OnceFunc(broken)
	s.Out, s.Err = &watched{s.Out, once}, &watched{s.Err, once}
}

// Unwatched is the stream behind one that is watched: what a program is given to write to.
func Unwatched(w io.Writer) io.Writer {
	if p, ok := w.(*watched); ok {
		return p.Writer
	}
	return w
}

// watched is a stream whose reader may go away.
type watched struct {
	io.Writer
	broken func()
}

// Write writes, and tells when that is of no use any more. A terminal that was hung up gives EIO.
func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) {
		w.broken()
	}
	return n, err
}
