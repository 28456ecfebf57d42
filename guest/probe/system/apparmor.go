package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
)

const openName = "system-open"

// canary is a profile of the image's that is for this check alone: it may not read /etc/shadow, nor write.
const canary = "holm-canary"

func appArmor() probe.Check {
	return probe.Check{
		ID:      "apparmor",
		Source:  "CIS Debian 1.3.1",
		Promise: "AppArmor is on, and a program is held to its profile even as root.",
		Try:     tryAppArmor,
	}
}

// confined is what a process under the canary's profile met.
type confined struct {
	Under string `json:"under"` // the profile and its mode, as the kernel says it: "holm-canary (enforce)"
	systemAnswer
}

func tryAppArmor(ctx context.Context, env *probe.Env) probe.Result {
	const tried = "read /etc/shadow and write to /var/lib as root under the profile " + canary
	place, remove, err := systemDir(systemPlace)
	if err != nil {
		return probe.Inconclusive(tried, "%v", err)
	}
	defer remove()
	// The same without the profile, in this process.
	free := systemAnswer{Controls: openAll(place)}
	if r, bad := systemAllowed(tried, free.Controls...); bad {
		return r
	}
	var answer confined
	err = underCanary(func() error {
		return systemAttempt(ctx, env.Self, nil, &answer, openName, place)
	})
	switch {
	case errors.Is(err, errNoProfile):
		return probe.Failed(tried, "%v", err)
	case err != nil:
		return probe.Inconclusive(tried, "%v", err)
	}
	return answer.judge(tried)
}

func (c confined) judge(tried string) probe.Result {
	// In complain mode, too, the kernel refuses what a profile denies in so many words, so the mode has to be asked for.
	if c.Under != canary+" (enforce)" {
		return probe.Failed(tried, "the process ran under %.60q", c.Under)
	}
	r := c.systemAnswer.judge(tried, unix.EACCES, unix.EPERM)
	r.Found += ", " + c.Under
	return r
}

var errNoProfile = errors.New("the kernel knows no such profile")

// underCanary runs what starts one process, which begins under the canary's profile. The kernel keeps that wish with the
// thread, so the thread is never unlocked and ends with its goroutine.
func underCanary(start func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		wish := []byte("exec " + canary)
		if err := os.WriteFile("/proc/thread-self/attr/apparmor/exec", wish, 0); err != nil {
			result <- fmt.Errorf("%w: %s", errNoProfile, systemTried("ask for "+canary, err))
			return
		}
		result <- start()
	}()
	return <-result
}

// attemptOpen runs under the profile: it may read /etc/passwd and nothing of what openAll tries.
func attemptOpen(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("want a folder to write to")
	}
	under, err := os.ReadFile("/proc/thread-self/attr/apparmor/current")
	if err != nil {
		return fmt.Errorf("which profile is this: %w", err)
	}
	return json.NewEncoder(out).Encode(confined{
		Under: strings.TrimRight(string(under), "\x00\n"),
		systemAnswer: systemAnswer{
			Controls: []systemTry{systemTried("read /etc/passwd", justRead("/etc/passwd"))},
			Tries:    openAll(args[0]),
		},
	})
}

func openAll(dir string) []systemTry {
	return []systemTry{
		systemTried("read /etc/shadow", justRead("/etc/shadow")),
		systemTried("write", makeFile(dir)),
	}
}
