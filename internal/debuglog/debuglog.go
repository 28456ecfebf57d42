// Package debuglog is what holm --debug writes: what holm waits for, how long that took and how it ended, one line a record. The
// logger travels in the context. Where there is none, nothing is written and nothing is put together to be written.
//
// What is secret is no concern of a reader of it: callers give names, numbers and durations, never content that they handle, and
// every text is bounded and rid of what a URL may hold before its host.
package debuglog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// maxText is how much of one value is written, in bytes: mmdebstrap is given several hundred packages.
const maxText = 2 << 10

type key struct{}

// New returns a logger that writes each record to w, with one call of Write: a line with the time, to the millisecond, and what
// happened as key=value. What is not printable in a value is quoted.
func New(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: harmless}))
}

// With returns a context under which everything is told to log.
func With(ctx context.Context, log *slog.Logger) context.Context {
	return context.WithValue(ctx, key{}, log)
}

// FromContext returns the logger of ctx; one that drops everything when there is none.
func FromContext(ctx context.Context) *slog.Logger {
	if log := listening(ctx); log != nil {
		return log
	}
	return slog.New(slog.DiscardHandler)
}

// On tells whether anybody reads what is told under ctx: for what is only found out to be told.
func On(ctx context.Context) bool { return listening(ctx) != nil }

func listening(ctx context.Context) *slog.Logger {
	log, _ := ctx.Value(key{}).(*slog.Logger)
	return log
}

// Err is how something ended; nothing where it went well.
func Err(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	return slog.String("error", err.Error())
}

// harmless drops the level, which is always the same, and lets no text through as it is.
func harmless(_ []string, a slog.Attr) slog.Attr {
	switch {
	case a.Key == slog.LevelKey, a.Key == "":
		return slog.Attr{}
	case a.Value.Kind() == slog.KindString:
		a.Value = slog.StringValue(cut(a.Value.String()))
	case a.Value.Kind() == slog.KindAny:
		a.Value = slog.StringValue(cut(fmt.Sprint(a.Value.Any())))
	}
	return a
}

// userinfo is what a URL may hold before its host, up to the last @ of the word: a password may hold one, and a slash.
var userinfo = regexp.MustCompile(`://\S*@`)

func cut(text string) string {
	text = userinfo.ReplaceAllString(text, "://…@")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
