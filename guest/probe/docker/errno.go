package docker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// dockerTries is what came of attempts, by their names: 0 is success, else the errno; -1 is a failure without one.
type dockerTries map[string]int

// do tries one thing.
func (t dockerTries) do(name string, try func() error) {
	t[name] = dockerErrno(try())
}

// dockerErrno is the number of an error; a dial that ran out of time counts as ETIMEDOUT.
func dockerErrno(err error) int {
	if err == nil {
		return 0
	}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return int(errno)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) {
		return int(unix.ETIMEDOUT)
	}
	return -1
}

// errnoName is an errno for people. Only numbers come out of a container, so nothing of it needs cleaning.
func errnoName(number int) string {
	switch {
	case number == 0:
		return "succeeded"
	case number < 0:
		return "failed"
	}
	if name := unix.ErrnoName(unix.Errno(number)); name != "" {
		return name
	}
	return fmt.Sprintf("errno %d", number)
}

// tell lists what came of the attempts of these names, in this order: "chown EPERM, mknod EPERM".
func (t dockerTries) tell(names ...string) string {
	var told []string
	for _, name := range names {
		number, tried := t[name]
		if !tried {
			told = append(told, name+" not tried")
			continue
		}
		told = append(told, name+" "+errnoName(number))
	}
	return strings.Join(told, ", ")
}

// among tells whether each attempt was made and came to one of these errnos.
func (t dockerTries) among(names []string, errnos ...unix.Errno) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		number, tried := t[name]
		return !tried || !slices.Contains(errnos, unix.Errno(max(number, 0))) || number < 0
	})
}
