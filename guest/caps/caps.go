// Package caps finds out who in an instance holds capabilities, and who uses them: it reads what every process holds and
// has the kernel count, for a while, which capabilities were asked for and granted. What is held and never used can be
// dropped.
package caps

import (
	"context"
	"slices"
	"strings"
	"time"

	"holm/guest/report"
)

// Where the kernel keeps what is read here. Tests put their own in.
const (
	procDir    = "/proc"
	socketGlob = "/run/user/*/docker.sock"
)

// room is what the list of subjects may take in a line of the report, in bytes of JSON, roughly.
const room = report.MaxLine * 3 / 4

// Watch looks for as long as it is told to. It changes nothing in the instance: the kernel's counting is switched on for
// itself alone, and off again also when ctx ends.
func Watch(ctx context.Context, long time.Duration) (*report.Capabilities, error) {
	t, err := startTrace()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	seen := newCrowd(procDir, socketNames(ctx, socketGlob))
	// Who comes and goes while the kernel counts is looked for again and again.
	again := time.NewTicker(time.Second)
	defer again.Stop()
	end := time.NewTimer(long)
	defer end.Stop()
	for watching := true; watching; {
		seen.look()
		select {
		case <-ctx.Done():
			return nil, t.stopped(context.Cause(ctx))
		case <-end.C:
			watching = false
		case <-again.C:
		}
	}
	seen.look()
	uses, err := t.read()
	if err := t.stopped(err); err != nil {
		return nil, err
	}
	return seen.report(uses, time.Since(began).Seconds()), nil
}

// shorten leaves out what would make the answer too long for one line, the last ones first.
func shorten(all []report.Consumer) (kept []report.Consumer, dropped int) {
	size := 0
	for i, c := range all {
		size += 120 + len(c.Name) + len(c.User) + 8*len(c.PIDs) + len(strings.Join(c.Effective, "\",\"")) + len(strings.Join(c.Used, "\",\""))
		if size > room {
			return all[:i], len(all) - i
		}
	}
	return all, 0
}

// order puts those first whose capabilities reach the guest, and who hold most.
func order(a, b report.Consumer) int {
	if a.UserNS != b.UserNS {
		if a.UserNS {
			return 1
		}
		return -1
	}
	if d := len(b.Effective) - len(a.Effective); d != 0 {
		return d
	}
	return strings.Compare(a.Kind+a.Name, b.Kind+b.Name)
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
