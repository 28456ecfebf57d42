package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/environment"
	"holm/guest/report"
	"holm/internal/atomicfile"
)

// What the host has told is kept here for boots at which nobody tells it.
const (
	environmentFile = "/var/lib/holm/environment.json" // perhaps with the password of a proxy
	exposedFile     = "/var/lib/holm/exposed.json"
)

// toldWithin is how long a boot waits for the first question of a host that is there to put it.
const toldWithin = 5 * time.Second

// told is what the host has told of the world around, and what of it is in force.
type told struct {
	heard     atomic.Bool // a question has come since the agent started
	connected func() bool // whether somebody holds the other end of the port; nil when nobody does

	mu          sync.Mutex // held while something is put into force
	settled     bool       // the boot goes by what was known; what comes now is put into force at once
	inst        Instance   // once settled
	environment *report.Environment
	ports       *[]report.Port // nil: nobody has said
	later       string         // what is not in force yet, and until when; "" when all is
}

// tell takes what a question says besides. Before the boot has settled it is only noted, after that it is in force when tell
// returns. A question without an environment is that of an older host, which tells its ports by themselves.
func (a *Agent) tell(ctx context.Context, q report.Question) error {
	a.told.mu.Lock()
	defer a.told.mu.Unlock()
	defer a.told.heard.Store(true)
	if q.Environment == nil {
		return nil
	}
	if err := environment.Check(*q.Environment); err != nil {
		return fmt.Errorf("what the host told of its environment: %w", err)
	}
	var ports *[]report.Port
	if q.Ask == report.AskStatus {
		if _, err := exposed(q.Ports); err != nil {
			return err
		}
		ports = &q.Ports
	}
	if !a.told.settled {
		a.told.environment = q.Environment
		if ports != nil {
			a.told.ports = ports
		}
		return nil
	}
	if err := a.adopt(ctx, *q.Environment); err != nil {
		return err
	}
	if ports == nil {
		return nil
	}
	return a.letIn(ctx, *ports)
}

// settle puts into force what the host has told or, when nobody is there to tell, what it told before. It comes after the
// firewall and before whatever the profile runs.
func (a *Agent) settle(ctx context.Context, inst Instance) error {
	a.told.await(ctx)
	a.told.mu.Lock()
	defer a.told.mu.Unlock()
	a.told.settled, a.told.inst = true, inst
	known, ports := a.told.environment, a.told.ports
	a.told.environment, a.told.ports = nil, nil
	if known == nil {
		known = a.keptEnvironment()
	}
	if ports == nil {
		ports = a.keptPorts()
	}
	// There from here on: an agent that is started anew finds services that run.
	live := a.exists(runDir)
	if err := os.MkdirAll(a.path(runDir), 0o755); err != nil {
		return err
	}
	if known != nil {
		if err := a.putIntoForce(ctx, *known, live); err != nil {
			return err
		}
	}
	if ports == nil {
		return nil
	}
	return a.letIn(ctx, *ports)
}

// adopt puts an environment into force while the instance runs. One that is in force already changes nothing.
func (a *Agent) adopt(ctx context.Context, e report.Environment) error {
	if a.told.environment != nil && reflect.DeepEqual(e, *a.told.environment) {
		return nil
	}
	return a.putIntoForce(ctx, e, true)
}

func (a *Agent) putIntoForce(ctx context.Context, e report.Environment, live bool) error {
	a.told.environment = nil
	if err := a.keep(environmentFile, e); err != nil {
		return err
	}
	if err := a.surround(ctx, a.told.inst, e, live); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	a.told.environment = &e
	return nil
}

// keep writes what was told to where the next boot finds it.
func (a *Agent) keep(file string, doc any) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(a.path(file)); err == nil && string(there) == string(text) {
		return nil
	}
	if err := os.MkdirAll(a.path(filepath.Dir(file)), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteBytes(a.path(file), 0o600, text)
}

// keptEnvironment is what was kept; nil when that is nothing, or nothing that this image understands.
func (a *Agent) keptEnvironment() *report.Environment {
	e := &report.Environment{}
	content, err := a.seeded(environmentFile)
	if err != nil || json.Unmarshal(content, e) != nil || environment.Check(*e) != nil {
		return nil
	}
	return e
}

func (a *Agent) keptPorts() *[]report.Port {
	var ports []report.Port
	content, err := a.seeded(exposedFile)
	if err != nil || json.Unmarshal(content, &ports) != nil {
		return nil
	}
	if _, err := exposed(ports); err != nil {
		return nil
	}
	return &ports
}

// await waits for the first question, if there is somebody who can put it. A guest that boots anew by itself, with no
// holm at the other end, loses no time.
func (t *told) await(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, toldWithin)
	defer cancel()
	for !t.heard.Load() && t.connected != nil && t.connected() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// connected tells whether somebody holds the other end of a virtio port: the kernel calls it hung up when nobody does.
func connected(port *os.File) bool {
	raw, err := port.SyscallConn()
	if err != nil {
		return false
	}
	fds := []unix.PollFd{{}}
	err = raw.Control(func(fd uintptr) {
		fds[0].Fd = int32(fd) //nolint:gosec // descriptors are small
		_, err = unix.Poll(fds, 0)
	})
	return err == nil && fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) == 0
}

// samePorts compares as sets do.
func samePorts(a, b []report.Port) bool {
	has := func(all []report.Port) func(report.Port) bool {
		return func(p report.Port) bool { return !slices.Contains(all, p) }
	}
	return !slices.ContainsFunc(a, has(b)) && !slices.ContainsFunc(b, has(a))
}
