package debuglog

import (
	"context"
	"log/slog"
	"os/exec"
	"strings"
)

// Program begins to tell of a program that is about to run. Neither what it is given to read nor its environment is told: both may
// be secret.
func Program(ctx context.Context, cmd *exec.Cmd) *Span {
	return Begin(ctx, "program", slog.String("name", cmd.Path), slog.Any("args", Words(cmd.Args[1:])))
}

// Ended is how a program ended, or why it did not begin.
func Ended(cmd *exec.Cmd, err error) slog.Attr {
	if cmd.ProcessState == nil {
		return Err(err)
	}
	return slog.String("ended", cmd.ProcessState.String())
}

// Words are the arguments of a program, written as a shell takes them.
type Words []string

// LogValue implements slog.LogValuer: they are only put together where somebody reads them.
func (w Words) LogValue() slog.Value {
	quoted := make([]string, len(w))
	for i, word := range w {
		if quoted[i] = word; word == "" || strings.ContainsAny(word, " \t\n'\"\\$`*?[](){}<>|&;#~!") {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return slog.StringValue(strings.Join(quoted, " "))
}
