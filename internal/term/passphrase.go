package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	xterm "golang.org/x/term"
)

// maxPassphrase is how long a passphrase may be, in bytes.
const maxPassphrase = 1024

// Passphrase asks for a passphrase, and does not show what is typed; without a terminal it reads the first line of In. The
// end of ctx ends the question, and the terminal is as it was.
func (s *Streams) Passphrase(ctx context.Context, question string) ([]byte, error) {
	f, ok := s.In.(*os.File)
	if !ok || !s.InTerminal {
		line, err := bufio.NewReader(io.LimitReader(s.In, maxPassphrase)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the passphrase: %w", err)
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return nil, errors.New("there is no passphrase on stdin")
		}
		return []byte(line), nil
	}
	before, err := xterm.GetState(int(f.Fd()))
	if err != nil {
		return nil, fmt.Errorf("read the passphrase: %w", err)
	}
	_, _ = io.WriteString(s.Err, question)
	type answer struct {
		typed []byte
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		typed, err := xterm.ReadPassword(int(f.Fd()))
		answers <- answer{typed, err}
	}()
	defer func() { _, _ = io.WriteString(s.Err, lineBreak) }()
	select {
	case a := <-answers:
		return a.typed, a.err
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), xterm.Restore(int(f.Fd()), before))
	}
}
