package records

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"holm/internal/debuglog"
)

// slow is how long a transaction takes, with its wait for the file, that the debug log is told of.
const slow = 100 * time.Millisecond

// tellIfSlow tells of a transaction that has ended.
func tellIfSlow(ctx context.Context, readOnly bool, begun time.Time) {
	took := time.Since(begun)
	if took < slow || !debuglog.On(ctx) {
		return
	}
	debuglog.FromContext(ctx).Debug("transaction", slog.Duration("took", took.Round(time.Millisecond)), slog.String("for", purpose()),
		slog.Bool("writes", !readOnly))
}

// purpose is the method of the store that was called: the outermost method of it on the stack.
func purpose() string {
	const method = "holm/storage/records.(*Bolt)."
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	found := ""
	for {
		frame, more := frames.Next()
		if name, ok := strings.CutPrefix(frame.Function, method); ok {
			found = name
		}
		if !more {
			return found
		}
	}
}
