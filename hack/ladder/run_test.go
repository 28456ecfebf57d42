package main

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAllIsKeptAndSomeIsShown(t *testing.T) {
	var log, shown strings.Builder
	w := work{args: []string{"sh", "-c", "echo ok one; echo chatter; echo last >&2; exit 3"}, shown: regexp.MustCompile("^ok")}
	if err := w.do(t.Context(), &log, &shown); err == nil {
		t.Error("that it failed was not seen")
	}
	if log.String() != "ok one\nchatter\nlast\n" || shown.String() != "ok one\n" {
		t.Errorf("kept was %q, and shown %q", log.String(), shown.String())
	}
}

func TestWhatIsCutOffEndsWithItsChildren(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	out, in := io.Pipe()
	w := work{args: []string{"sh", "-c", "sleep 1000 & echo begun; wait"}, shown: regexp.MustCompile("^begun")}
	done := make(chan error, 1)
	go func() { done <- w.do(ctx, io.Discard, in) }()
	if _, err := io.ReadFull(out, make([]byte, len("begun\n"))); err != nil {
		t.Fatal(err)
	}
	end()
	select {
	case err := <-done: // it came to an end, so nobody has its pipe open any more
		if err == nil {
			t.Error("it ended well")
		}
	case <-time.After(grace / 2):
		t.Error("it does not end")
	}
}
