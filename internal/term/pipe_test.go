package term_test

import (
	"bytes"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"holm/internal/term"
)

func TestAStreamThatNobodyReadsIsNoticedOnce(t *testing.T) {
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	s := term.New(strings.NewReader(""), w, w)
	broken := 0
	s.OnBroken(func() { broken++ })
	s.Say("somebody reads this")
	if broken != 0 {
		t.Error("a pipe with a reader is no broken one")
	}
	_ = r.Close()
	s.Say("nobody reads this")
	_, _ = s.Out.Write([]byte("nor this"))
	if broken != 1 {
		t.Errorf("told %d times, want once", broken)
	}
	if term.Unwatched(s.Out) != w || term.Unwatched(&bytes.Buffer{}) == nil {
		t.Error("the stream itself is not what is behind it")
	}
}
