package inside

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"holm/cmd/holm/cli"
	"holm/cmd/holm/clitest"
)

func TestLogsOnATerminalAreHarmless(t *testing.T) {
	state := t.TempDir()
	dir := filepath.Join(state, "instances", "0123456789ab")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "console.log"), []byte("boot\r\n\x1b]0;evil\x07\x1b[31mred\tx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := newWorld().RunOn(t, clitest.Terminal(""), "--state", state, "logs", "web"); got.Out != "boot\nred\tx\n" {
		t.Errorf("%+v", got)
	}
}

func TestAFollowedLogGoesOnAfterItWasRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "console.log")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	write("one\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	out := &script{after: map[string]func(){
		"one\n": func() {
			if err := os.Rename(path, path+".0"); err != nil {
				t.Error(err)
			}
			write("two, the new file\n")
		},
		"two, the new file\n": func() { write("cut\n") },
		"cut\n":               func() { cancel(cli.ErrInterrupted) },
	}}
	if err := printLog(ctx, path, true, out); !errors.Is(err, cli.ErrInterrupted) {
		t.Errorf("ended with %v", err)
	}
	if got, want := out.String(), "one\ntwo, the new file\ncut\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// script does something after each write.
type script struct {
	buf   bytes.Buffer
	after map[string]func()
}

func (s *script) String() string { return s.buf.String() }

func (s *script) Write(p []byte) (int, error) {
	if do := s.after[string(p)]; do != nil {
		do()
	}
	return s.buf.Write(p)
}
