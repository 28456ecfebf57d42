package debuglog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/internal/debuglog"
)

// listening is a context and what is written under it.
func listening(t *testing.T) (context.Context, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	return debuglog.With(t.Context(), debuglog.New(&out)), &out
}

func TestARecordIsOneHarmlessLine(t *testing.T) {
	for name, tc := range map[string]struct {
		attr slog.Attr
		want string
	}{
		"a word":                         {slog.String("k", "web"), `k=web`},
		"words":                          {slog.String("k", "a b"), `k="a b"`},
		"a line break":                   {slog.String("k", "a\nb"), `k="a\nb"`},
		"what steers a terminal":         {slog.String("k", "\x1b[2Ja\u202eb"), `k="\x1b[2Ja\u202eb"`},
		"a URL":                          {slog.String("k", "http://proxy.example:3128/"), `k=http://proxy.example:3128/`},
		"a URL with a password":          {slog.String("k", "to http://u:hunter2@proxy.example:3128 now"), `k="to http://…@proxy.example:3128 now"`},
		"a password with @ and /":        {slog.String("k", "http://u:hun@t/er2@proxy.example"), `k=http://…@proxy.example`},
		"an error with a password":       {debuglog.Err(errors.New("dial http://u:hunter2@proxy")), `error="dial http://…@proxy"`},
		"any value with a password":      {slog.Any("k", []string{"http://u:hunter2@proxy"}), `k=[http://…@proxy]`},
		"no error":                       {debuglog.Err(nil), ``},
		"arguments":                      {slog.Any("k", debuglog.Words{"-o", "a b", "it's", ""}), `k="-o 'a b' 'it'\\''s' ''"`},
		"arguments with a password":      {slog.Any("k", debuglog.Words{"deb", "http://u:hunter2@mirror", "trixie"}), `k="deb http://…@mirror trixie"`},
		"how long":                       {slog.Duration("took", 12*time.Millisecond), `took=12ms`},
		"a text that is too long is cut": {slog.String("k", strings.Repeat("x", 5000)), `k=` + strings.Repeat("x", 2048) + `…`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, out := listening(t)
				debuglog.FromContext(ctx).Debug("it", tc.attr)
				want := strings.TrimRight("time="+time.Now().Format("2006-01-02T15:04:05.000Z07:00")+" msg=it "+tc.want, " ") + "\n"
				if diff := cmp.Diff(want, out.String()); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWhatTakesLongIsToldBeforeItsEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		takes time.Duration
		want  []string
	}{
		"at once":    {0, []string{"msg=wait on=web took=0s error=no"}},
		"soon":       {time.Second, []string{"msg=wait on=web took=1s error=no"}},
		"after long": {5 * time.Second, []string{`msg="wait goes on" on=web after=2s`, `msg="wait goes on" on=web after=4s`, "msg=wait on=web took=5s error=no"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, out := listening(t)
				span := debuglog.Begin(ctx, "wait", slog.String("on", "web"))
				<-time.After(tc.takes)
				synctest.Wait()
				span.End(debuglog.Err(errors.New("no")))
				span.End()
				<-time.After(time.Hour)
				var got []string
				for line := range strings.Lines(out.String()) {
					_, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
					got = append(got, rest)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("written (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestANoteIsToldAtOnce(t *testing.T) {
	ctx, out := listening(t)
	span := debuglog.Begin(ctx, "guest")
	span.Note(slog.String("stage", "booting"))
	if !strings.Contains(out.String(), `msg="guest goes on" after=`) || !strings.Contains(out.String(), " stage=booting\n") {
		t.Errorf("written: %q", out)
	}
	span.End()
}

func TestWhereNobodyListensNothingIsDone(t *testing.T) {
	ctx := t.Context()
	if debuglog.On(ctx) || debuglog.Begin(ctx, "wait") != nil {
		t.Error("somebody listens")
	}
	debuglog.FromContext(ctx).Debug("dropped")
	words := debuglog.Words{"a b"}
	if n := testing.AllocsPerRun(100, func() {
		span := debuglog.Begin(ctx, "wait")
		span.Note()
		span.End()
		_ = debuglog.FromContext(ctx)
		_ = debuglog.On(ctx)
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		debuglog.Begin(ctx, "program", slog.Any("args", words)).End(slog.Int("exit", 0))
	}); n > 3 {
		t.Errorf("%v allocations for one program", n)
	}
}
