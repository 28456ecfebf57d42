package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

func setuid() probe.Check {
	return probe.Check{
		ID:      "setuid",
		Source:  "CIS Debian 1.1.2, 7.1.13",
		Promise: "A setuid program gains nothing on any file system that can be written.",
		Try:     trySetuid,
	}
}

func trySetuid(ctx context.Context, _ *probe.Env) probe.Result {
	content, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return probe.Inconclusive("run a setuid program as nobody", "%v", err)
	}
	var runs []setuidRun
	for _, m := range parseMountinfo(content) {
		if !m.holdsFiles() {
			continue
		}
		if run, ok := runSetuid(ctx, m.point); ok {
			runs = append(runs, run)
		}
	}
	return judgeCopies(runs)
}

// setuidRun is what became of a setuid program on one file system.
type setuidRun struct {
	mount string
	euid  string // as whom it ran; "" when it did not
	err   error  // why it did not run
}

// runSetuid puts a root-owned setuid program on a file system and runs it as nobody. ok is false where no file can be
// made: then there is nothing to promise.
func runSetuid(ctx context.Context, mount string) (run setuidRun, ok bool) {
	run.mount = mount
	dir, remove, err := systemDir(mount)
	if err != nil {
		refused := errors.Is(err, unix.EROFS) || errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist)
		run.err = notRefused(err)
		return run, !refused
	}
	defer remove()
	program := filepath.Join(dir, "cat")
	if err := systemCopy(idleProgram, program, 0o755|fs.ModeSetuid); err != nil {
		run.err = notRefused(err)
		return run, true
	}
	p, err := startIdle(ctx, program, "/", as(nobody, nobody))
	if err != nil {
		run.err = err
		return run, true
	}
	defer p.kill()
	// The kernel changes the user when it begins the program; what the program says of itself adds nothing.
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		run.err = notRefused(err)
		return run, true
	}
	run.euid = effectiveUser(status)
	return run, true
}

// effectiveUser is the second number of the line "Uid: REAL EFFECTIVE SAVED FILESYSTEM" of /proc/PID/status.
func effectiveUser(status []byte) string {
	for line := range bytes.Lines(status) {
		if fields := strings.Fields(string(line)); len(fields) == 5 && fields[0] == "Uid:" {
			return fields[2]
		}
	}
	return ""
}

// judgeCopies wants every copy to have stayed nobody or to have been refused, and at least one to have run.
func judgeCopies(runs []setuidRun) probe.Result {
	tried := fmt.Sprintf("as nobody, run a setuid program of root's on %d file systems", len(runs))
	ran, refused, odd := 0, 0, ""
	for _, run := range runs {
		errno, isErrno := errors.AsType[syscall.Errno](run.err)
		switch {
		case run.err == nil && run.euid == strconv.Itoa(nobody):
			ran++
		case run.err == nil && run.euid != "":
			return probe.Failed(tried, "on %s it became user %s", run.mount, run.euid)
		case isErrno && errno == unix.EACCES:
			refused++
		case odd == "":
			odd = fmt.Sprintf("%s: %v", run.mount, run.err)
		}
	}
	switch {
	case odd != "":
		return probe.Inconclusive(tried, "%s", odd)
	case ran == 0:
		return probe.Inconclusive(tried, "the control did not succeed: it ran nowhere")
	}
	return probe.Passed(tried, "gained nothing on %d, could not run on %d", ran, refused)
}
