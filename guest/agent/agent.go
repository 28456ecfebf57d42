// Package agent is holm's service inside the instance. On the first boot it lets cloud-init configure the instance from
// the seed; on every boot it applies what the seed's profile asks of the kernel, brings the profile up, and answers the
// host over the virtio port until the instance stops: how it is, and, when it is asked to try them, what its promises
// are worth.
//
// The host trusts nothing of what is said here; see package report.
package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"holm/guest/probe"
	"holm/guest/report"
	"holm/guest/steps"
)

// readyWithin bounds how long the profile may take to come up once the instance is configured.
const readyWithin = 10 * time.Minute

// Agent is the service. Its zero value is the one that runs in an instance.
type Agent struct {
	Root string // prefix of every path that is read or written
	SSH  string // where sshd listens, "" for where it does in an instance

	// Capabilities watches for so long who uses which capabilities; nil when this program cannot.
	Capabilities func(context.Context, time.Duration) (*report.Capabilities, error)

	promises func(profile string) []probe.Check // nil is checks.For
	told     told
	steps    steps.Steps
}

// Run serves until ctx ends. It fails only when the virtio port cannot be had; a profile that does not come up is
// reported to the host, not returned.
func (a *Agent) Run(ctx context.Context) error {
	port, err := a.openPort()
	if err != nil {
		return err
	}
	a.told.connected = func() bool { return connected(port) }
	a.steps.Path = a.path(steps.File)
	state := newBoard(a.identity)
	state.set(report.StageCloudInit, "")
	go a.keepTime(ctx)
	go a.bringUp(ctx, state)
	return a.serve(ctx, port, state)
}

func (a *Agent) bringUp(ctx context.Context, state *board) {
	inst, err := a.prepare(ctx, state)
	// systemd waits with the network, logins and sshd until here. After a failure they start all the same, so that
	// the console and SSH are there to find out why.
	if notifyErr := notifyReady(); err == nil {
		err = notifyErr
	}
	var note string
	if err == nil {
		note, err = a.comeUp(ctx, inst, state)
	}
	if err != nil {
		state.set(report.StageFailed, err.Error())
		return
	}
	state.readyWith(inst, note)
	a.signal(ctx)
}

// prepare is what has to be done before there is a network.
func (a *Agent) prepare(ctx context.Context, state *board) (Instance, error) {
	first := !a.exists(configuredMark)
	var inst Instance
	err := a.steps.Time("configure", func() (err error) { inst, err = a.configure(ctx); return err })
	if err != nil {
		return inst, err
	}
	if err := a.keepAccess(inst.User); err != nil {
		return inst, err
	}
	state.set(report.StageProfile, "")
	// With the files that it has, the instance is as good as before: what is missing among them is said below.
	if err := a.steps.Time("profile", func() error { return a.renewProfile(first) }); err != nil {
		state.set(report.StageProfile, "the profile's files stay as they were: "+err.Error())
	}
	if err := a.steps.Time("apply", func() error { return a.apply(ctx) }); err != nil {
		return inst, err
	}
	if err := a.steps.Time("settle", func() error { return a.settle(ctx, inst) }); err != nil {
		return inst, err
	}
	switch inst.Profile {
	case probe.Docker:
		return inst, a.keepSessions(inst)
	case probe.K3s:
		return inst, a.startK3s(ctx)
	}
	return inst, nil
}

// comeUp waits for what the profile runs, and locks the kernel behind it. It returns what there is to remark on an instance
// that is up nevertheless.
func (a *Agent) comeUp(ctx context.Context, inst Instance, state *board) (string, error) {
	within, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err := a.steps.Time("await-ssh", func() error { return a.awaitSSH(within) })
	a.announce(within)
	asked := a.askNameservers(within)
	switch {
	case err != nil:
		return "", err
	case inst.Profile == probe.Docker:
		state.set(report.StageDocker, "")
		err = a.steps.Time("await-docker", func() error { return a.awaitDocker(within, inst.User) })
	case inst.Profile == probe.K3s:
		state.set(report.StageK3s, "")
		err = a.steps.Time("await-k3s", func() error { return a.awaitK3s(ctx, within) })
	}
	if err != nil {
		return "", err
	}
	return <-asked, a.lockModules()
}

// path puts Root before an absolute path.
func (a *Agent) path(p string) string { return a.Root + p }

// exists tells whether there is something at the path.
func (a *Agent) exists(p string) bool {
	_, err := os.Stat(a.path(p))
	return !errors.Is(err, fs.ErrNotExist)
}
