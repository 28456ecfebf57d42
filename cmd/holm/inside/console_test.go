package inside

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
)

func TestTheConsoleIsLeftWithCtrlBracket(t *testing.T) {
	ours, guest := net.Pipe()
	typed := make(chan string, 1)
	go func() {
		_, _ = guest.Write([]byte("login: "))
		got := make([]byte, 16)
		n, _ := guest.Read(got)
		typed <- string(got[:n])
	}()
	keys, person := io.Pipe()
	out := &signalled{seen: make(chan struct{})}
	go func() {
		<-out.seen
		_, _ = person.Write([]byte("ops\r\x1dnever"))
	}()
	if err := attach(t.Context(), ours, keys, out); err != nil {
		t.Fatal(err)
	}
	if got := <-typed; got != "ops\r" {
		t.Errorf("the guest got %q", got)
	}
	if got := out.String(); got != "login: " {
		t.Errorf("the person saw %q", got)
	}
}

// signalled says when something was written to it.
type signalled struct {
	buf  bytes.Buffer
	seen chan struct{}
}

func (s *signalled) String() string { return s.buf.String() }

func (s *signalled) Write(p []byte) (int, error) {
	defer close(s.seen)
	return s.buf.Write(p)
}

func TestTheConsoleEndsWithTheContext(t *testing.T) {
	ours, _ := net.Pipe()
	keys, _ := io.Pipe()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cli.ErrInterrupted)
	if err := attach(ctx, ours, keys, io.Discard); !errors.Is(err, cli.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
}

func TestConsoleOfTheWorld(t *testing.T) {
	ours, guest := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, guest) }()
	w := newWorld()
	w.Console = ours
	got := w.RunOn(t, clitest.Terminal("\x1d"), "console", "web")
	if got.Code != 0 || !strings.Contains(got.Err, "leave with ctrl-]") {
		t.Errorf("%+v", got)
	}
	if got := w.RunOn(t, clitest.Terminal(""), "console", "off"); got.Code != 1 || !strings.Contains(got.Err, "holm start off") {
		t.Errorf("%+v", got)
	}
}
