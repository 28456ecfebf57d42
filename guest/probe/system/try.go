package system

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

// systemTry is one thing that was attempted, and the number of the error that it was refused with: 0 when it succeeded.
type systemTry struct {
	What  string        `json:"what"`
	Errno syscall.Errno `json:"errno"`
}

// notAnErrno stands for an error that does not come from the kernel; it is the largest number that the kernel could use.
const notAnErrno = syscall.Errno(4095)

// systemTried notes what came of an attempt.
func systemTried(what string, err error) systemTry {
	if err == nil {
		return systemTry{What: what}
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return systemTry{What: what, Errno: errno}
	}
	return systemTry{What: what, Errno: notAnErrno}
}

// notRefused takes its number from an error of what only prepares an attempt, so that it is not taken for a refusal.
func notRefused(err error) error { return errors.New(err.Error()) }

// String is "write to /: EROFS".
func (t systemTry) String() string { return t.What + ": " + systemErrno(t.Errno) }

func systemErrno(errno syscall.Errno) string {
	if errno == 0 {
		return "allowed"
	}
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return "error " + strconv.Itoa(int(errno))
}

// systemRefused judges attempts that all have to be refused in one of the given ways: being refused for any other reason,
// such as a full disk, proves nothing.
func systemRefused(tried string, tries []systemTry, with ...syscall.Errno) probe.Result {
	if len(tries) == 0 {
		return probe.Inconclusive(tried, "nothing could be tried")
	}
	odd := ""
	for _, t := range tries {
		if t.Errno == 0 {
			return probe.Failed(tried, "%s", t)
		}
		if odd == "" && !slices.Contains(with, t.Errno) {
			odd = t.String()
		}
	}
	if odd != "" {
		return probe.Inconclusive(tried, "%s, which is not the refusal that was expected", odd)
	}
	return probe.Passed(tried, "%s", join(tries))
}

// systemAllowed looks for a control that did not succeed and returns the result that follows from it, false when all did.
func systemAllowed(tried string, controls ...systemTry) (probe.Result, bool) {
	for _, c := range controls {
		if c.Errno != 0 {
			return probe.Inconclusive(tried, "the control did not succeed: %s", c), true
		}
	}
	return probe.Result{}, false
}

func join(tries []systemTry) string {
	all := make([]string, len(tries))
	for i, t := range tries {
		all[i] = t.String()
	}
	return strings.Join(all, ", ")
}

// systemAnswer is what another process tried: what it has to be refused, and what it has to be allowed for that to
// prove something.
type systemAnswer struct {
	Controls []systemTry `json:"controls"`
	Tries    []systemTry `json:"tries"`
}

func (a systemAnswer) judge(tried string, with ...syscall.Errno) probe.Result {
	if len(a.Controls) == 0 {
		return probe.Inconclusive(tried, "there was no control")
	}
	if r, bad := systemAllowed(tried, a.Controls...); bad {
		return r
	}
	return systemRefused(tried, a.Tries, with...)
}
