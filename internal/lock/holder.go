package lock

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/internal/debuglog"
)

// Waiting tells the debug log that a lock is waited for, and who holds it.
func Waiting(ctx context.Context, path string) *debuglog.Span {
	if !debuglog.On(ctx) {
		return nil
	}
	return debuglog.Begin(ctx, "lock", slog.String("path", path), slog.String("held_by", holder(path)))
}

// holder says which process has a file locked, by what the kernel knows: not every lock has a note. It is for people, who may have to
// go by it when the process has ended meanwhile, or lives in a box of its own where the kernel does not tell.
func holder(path string) string {
	var file syscall.Stat_t
	if syscall.Stat(path, &file) != nil {
		return unknown
	}
	all, err := os.ReadFile("/proc/locks")
	if err != nil {
		return unknown
	}
	pid := lockedBy(string(all), fmt.Sprintf("%02x:%02x:%d", unix.Major(file.Dev), unix.Minor(file.Dev), file.Ino))
	if pid <= 0 {
		return unknown
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("process %d (%s)", pid, strings.TrimSpace(string(name)))
}

const unknown = "unknown"

// lockedBy is the first holder of a flock on that file, 0 when there is none. A line is "1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF",
// that of one who waits has "->" behind the number.
func lockedBy(all, file string) int {
	for line := range strings.Lines(all) {
		words := strings.Fields(line)
		if len(words) < 6 || words[1] != "FLOCK" || words[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(words[4]); err == nil {
			return pid
		}
	}
	return 0
}
