package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

const traceName = "system-trace"

func ptrace() probe.Check {
	return probe.Check{
		ID:      "ptrace",
		Source:  "KSPP, CIS Debian 1.5.2",
		Promise: "A program of the user's cannot reach into the user's other programs, nor into root's.",
		Try:     tryPtrace,
	}
}

func tryPtrace(ctx context.Context, env *probe.Env) probe.Result {
	tried := fmt.Sprintf("as %s: trace a process of %s, read the memory of it and of process 1", env.User, env.User)
	uid, gid, err := systemUser(env.User)
	if err != nil {
		return probe.Inconclusive(tried, "%v", err)
	}
	other, err := startIdle(ctx, idleProgram, "/", as(uid, gid))
	if err != nil {
		return probe.Inconclusive(tried, "start a process to trace: %v", err)
	}
	defer other.kill()
	var answer systemAnswer
	err = systemAttempt(ctx, env.Self, as(uid, gid), &answer, traceName, strconv.Itoa(other.pid()))
	if err != nil {
		return probe.Inconclusive(tried, "%v", err)
	}
	return answer.judge(tried, unix.EPERM, unix.EACCES)
}

// attemptTrace reaches for the process whose id is its argument. To read that one's environment needs the same rights as to
// trace it, but for Yama's rule, which is what is tried: so that is the control.
func attemptTrace(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("want the id of a process")
	}
	pid, err := strconv.Atoi(args[0])
	if err != nil || pid < 2 {
		return fmt.Errorf("%q is no id of a process to trace", args[0])
	}
	other := "/proc/" + strconv.Itoa(pid)
	return json.NewEncoder(out).Encode(systemAnswer{
		Controls: []systemTry{systemTried("read the environment of the own process", justRead(other+"/environ"))},
		Tries: []systemTry{
			systemTried("trace", trace(pid)),
			systemTried("its memory", justOpen(other+"/mem")),
			systemTried("memory of process 1", justOpen("/proc/1/mem")),
			systemTried("environment of process 1", justRead("/proc/1/environ")),
		},
	})
}

// trace attaches to a process without stopping it. Only the thread that did can let go, and the kernel does it for that
// thread when this process ends, so the thread is kept until then.
func trace(pid int) error {
	runtime.LockOSThread()
	return unix.PtraceSeize(pid)
}
