// Package agent is holm's service inside the instance. On the first boot it lets cloud-init configure the instance from
// the seed; on every boot it brings the profile up, tries the profile's promises, and answers the host over the virtio
// port until the instance stops.
//
// The host trusts nothing of what is said here; see package report.
package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"holm/guest/report"
)

// readyWithin bounds how long the profile may take to come up once the instance is configured.
const readyWithin = 10 * time.Minute

// Agent is the service. Its zero value is the one that runs in an instance.
type Agent struct {
	Root string // prefix of every path that is read or written
	SSH  string // where sshd listens, "" for where it does in an instance
}

// Run serves until ctx ends. It fails only when the virtio port cannot be had; a profile that does not come up is
// reported to the host, not returned.
func (a *Agent) Run(ctx context.Context) error {
	state := newBoard(a.identity)
	state.set(report.StageCloudInit, "", nil)
	go a.bringUp(ctx, state)
	return a.serve(ctx, state)
}

func (a *Agent) bringUp(ctx context.Context, state *board) {
	inst, err := a.configure(ctx)
	if err == nil {
		err = a.keepSessions(inst)
	}
	// systemd waits with the network, logins and sshd until here. After a failure they start all the same, so that
	// the console and SSH are there to find out why.
	if notifyErr := notifyReady(); err == nil {
		err = notifyErr
	}
	if err != nil {
		state.set(report.StageFailed, err.Error(), nil)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if inst.Profile == ProfileDocker {
		state.set(report.StageDocker, "", nil)
	}
	checks := a.check(ctx, inst)
	for _, c := range checks {
		if !c.OK {
			state.set(report.StageFailed, fmt.Sprintf("check %s: %s", c.ID, c.Found), checks)
			return
		}
	}
	state.set(report.StageReady, "", checks)
}

// path puts Root before an absolute path.
func (a *Agent) path(p string) string { return a.Root + p }

// exists tells whether there is something at the path.
func (a *Agent) exists(p string) bool {
	_, err := os.Stat(a.path(p))
	return !errors.Is(err, fs.ErrNotExist)
}
