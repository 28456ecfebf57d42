package term

import (
	"bufio"
	"context"
	"io"
	"strings"
)

// CanAsk tells whether there is a person to answer a question.
func (s *Streams) CanAsk() bool { return s.InTerminal && s.ErrTerminal }

// Confirm asks a question that "y" or "yes" affirms; everything else, and the end of input, denies. When ctx ends
// first, its cause is the error; the read that still waits for a key then ends with the process.
func (s *Streams) Confirm(ctx context.Context, question string) (bool, error) {
	if _, err := io.WriteString(s.Err, question+" [y/N] "); err != nil {
		return false, err
	}
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(s.In, 1024)).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		s.Say("")
		return false, context.Cause(ctx)
	case answer := <-answers:
		return answer == "y" || answer == "yes", nil
	}
}
