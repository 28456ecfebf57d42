package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How long a session that is told to end may take before it is told so less kindly.
const (
	afterHangup    = 2 * time.Second
	afterTerminate = 5 * time.Second
	glance         = 50 * time.Millisecond // between two looks at what is left
)

// end ends the command and what it started, as far as that has not made a session of its own: a daemon has, and stays.
// Under sudo a part of it is root's, so root does it where sudo lets it.
func end(child int, done <-chan struct{}) {
	session, err := unix.Getsid(0)
	if err != nil || session != os.Getpid() {
		// Run by hand: the session is somebody's login, and only the command is this program's to end.
		_ = syscall.Kill(child, syscall.SIGTERM)
		<-done
		return
	}
	if self, err := os.Executable(); err == nil {
		root := exec.Command("/usr/bin/sudo", "-n", "--", self, EndSession, strconv.Itoa(session)) //nolint:noctx // it ends by itself
		root.SysProcAttr = &syscall.SysProcAttr{Setsid: true}                                      // not one of those that it ends
		_ = root.Run()
	}
	_ = endSession(session)
	<-done
}

// EndSession is the argument with which this package's program ends a session instead of running a command.
const EndSession = "--end-session"

// End ends the session of that number, which is that of a process that this package's Run is in.
func End(number string) error {
	session, err := strconv.Atoi(number)
	if err != nil || session <= 1 {
		return fmt.Errorf("%q is no session", number)
	}
	return endSession(session)
}

func endSession(session int) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGHUP, afterHangup}, {syscall.SIGTERM, afterTerminate}, {syscall.SIGKILL, afterHangup}} {
		deadline := time.Now().Add(step.wait)
		for first := true; ; first = false {
			left, err := members(session)
			if err != nil || len(left) == 0 {
				return err
			}
			if first || step.signal == syscall.SIGKILL {
				for _, pid := range left {
					_ = syscall.Kill(pid, step.signal) // it may have ended meanwhile
				}
			}
			if time.Now().After(deadline) {
				break
			}
			<-time.After(glance) // nothing interrupts it: it ends what was left by somebody who has gone
		}
	}
	return nil
}

// members are the processes of a session other than its leader, which is this program. Those that have ended and wait
// for their parent do not count.
func members(session int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == session {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended, or is hidden
		}
		if of, running := sessionOf(stat); running && of == session {
			all = append(all, pid)
		}
	}
	return all, nil
}

// sessionOf reads a line of /proc/PID/stat. The name of the program, in brackets, can hold anything.
func sessionOf(stat []byte) (session int, running bool) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 4 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return 0, false
	}
	session, err := strconv.Atoi(string(fields[3]))
	return session, err == nil
}
