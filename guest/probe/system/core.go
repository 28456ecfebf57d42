package system

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func coreDumps() probe.Check {
	return probe.Check{
		ID:      "core-dumps",
		Source:  "CIS Debian 1.5.3",
		Promise: "A program that crashes leaves no copy of its memory, even where its limit allows one.",
		Try:     tryCoreDumps,
	}
}

// tryCoreDumps crashes a process of root's, which could write a core anywhere.
func tryCoreDumps(ctx context.Context, _ *probe.Env) probe.Result {
	const tried = "crash a process of root's that may leave a core of any size"
	got, err := crash(ctx)
	if err != nil {
		return probe.Inconclusive(tried, "%v", err)
	}
	return got.judge(tried)
}

// crashed is what a crash left.
type crashed struct {
	signal  syscall.Signal // that ended the process
	dumped  bool           // the kernel says that it wrote a core
	files   []string       // that are in its folder
	pattern string         // where the kernel puts cores
}

// crash kills a process with SIGSEGV in a new folder.
func crash(ctx context.Context) (crashed, error) {
	dir, remove, err := systemDir(systemPlace)
	if err != nil {
		return crashed{}, err
	}
	defer remove()
	victim, err := startIdle(ctx, idleProgram, dir, nil)
	if err != nil {
		return crashed{}, err
	}
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(victim.pid(), unix.RLIMIT_CORE, &limit, nil); err != nil {
		victim.kill()
		return crashed{}, fmt.Errorf("allow a core: %w", err)
	}
	if err := unix.Kill(victim.pid(), unix.SIGSEGV); err != nil {
		victim.kill()
		return crashed{}, err
	}
	status := victim.wait()
	got := crashed{dumped: status.CoreDump()}
	if status.Signaled() {
		got.signal = status.Signal()
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		return crashed{}, err
	}
	for _, file := range left {
		got.files = append(got.files, file.Name())
	}
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	got.pattern = strings.TrimSpace(string(pattern))
	return got, err
}

func (c crashed) judge(tried string) probe.Result {
	handler, piped := strings.CutPrefix(c.pattern, "|")
	fields := strings.Fields(handler)
	switch {
	case c.signal != unix.SIGSEGV:
		return probe.Inconclusive(tried, "the control did not succeed: the process did not die of SIGSEGV")
	case len(c.files) > 0:
		return probe.Failed(tried, "it left %s", strings.Join(c.files, ", "))
	case piped && (len(fields) == 0 || !slices.Contains([]string{"/bin/false", "/usr/bin/false"}, fields[0])):
		return probe.Failed(tried, "cores are handed to %q", c.pattern)
	case c.dumped && !piped:
		return probe.Failed(tried, "the kernel wrote a core to %q", c.pattern)
	}
	return probe.Passed(tried, "it died of SIGSEGV and left nothing; core_pattern is %q", c.pattern)
}
