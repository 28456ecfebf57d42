package probe

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	dockerUser     = 1001             // the confined container's
	dockerPort     = 7946             // on which the neighbour listens
	dockerRunTime  = 2 * time.Minute  // for all of a run; in emulation it takes some 8 seconds
	dockerTidyTime = 20 * time.Second // for removing what it made, also when it was cancelled
)

// dockerRun is what came of one run: two containers of one image, which try everything that the checks are about. A
// container takes seconds to start in emulation, so the checks share one run.
type dockerRun struct {
	confined, privileged dockerContainerRun
	baits                []dockerBait // what the confined container was to reach, or not
	reached              error        // how the agent itself reached the neighbour
}

// dockerContainerRun is one container: as it sees itself, and as the guest sees it.
type dockerContainerRun struct {
	told dockerTold
	seen dockerSeen
}

// dockerShare lets the checks of one list share a run. The first that needs it makes it.
type dockerShare struct {
	env *Env
	run *dockerRun
	err error
}

// judged is a Try that makes the run, or takes the one there is, and judges it.
func (s *dockerShare) judged(tried string, judge func(tried string, run *dockerRun) Result) func(context.Context, *Env) Result {
	return func(ctx context.Context, env *Env) Result {
		if s.env != env {
			s.env = env
			s.run, s.err = runDocker(ctx, env)
		}
		if s.err != nil {
			return inconclusive(tried, "%s", dockerClean(s.err.Error()))
		}
		return judge(tried, s.run)
	}
}

// runDocker makes the run, and removes what it made however it ends.
func runDocker(ctx context.Context, env *Env) (_ *dockerRun, err error) {
	ctx, cancel := context.WithTimeout(ctx, dockerRunTime)
	defer cancel()
	api, err := newDockerClient(env.User)
	if err != nil {
		return nil, err
	}
	defer api.close()
	if err := api.sweep(ctx); err != nil {
		return nil, err
	}
	r := &dockerRunner{api: api, self: env.Self, nonce: rand.Text()}
	defer func() {
		// What is left behind is worth a word even when the run came to its end.
		if left := r.tidy(ctx); left != nil && err == nil {
			err = fmt.Errorf("remove what the checks made: %w", left)
		}
	}()
	return r.all(ctx)
}

// dockerRunner is a run under way, and what it has made so far.
type dockerRunner struct {
	api   *dockerClient
	self  string
	nonce string

	image      string
	containers []string
	close      []func() error
}

func (r *dockerRunner) all(ctx context.Context) (*dockerRun, error) {
	run := &dockerRun{}
	daemon, err := dockerPeer(ctx, r.api.socket)
	if err != nil {
		return nil, err
	}
	if r.image, err = r.api.dockerImport(ctx, r.self, strings.ToLower(r.nonce)); err != nil {
		return nil, err
	}
	folder, err := dockerGuestFolder()
	if err != nil {
		return nil, err
	}
	r.close = append(r.close, folder.remove)
	privileged, err := r.createPrivileged(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("the privileged container: %w", err)
	}
	confined, err := r.createConfined(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("the confined container: %w", err)
	}
	// Both start at the same time; the confined one waits for the address of the other.
	started := make(chan error, 1)
	go func() { started <- r.api.start(ctx, confined) }()
	run.baits, err = r.startNeighbour(ctx, privileged, daemon.pid, folder)
	if err := errors.Join(<-started, err); err != nil {
		return nil, err
	}
	if err := r.listen(ctx, privileged, &run.privileged); err != nil {
		return nil, fmt.Errorf("the privileged container: %w", err)
	}
	if err := r.listen(ctx, confined, &run.confined); err != nil {
		return nil, fmt.Errorf("the confined container: %w", err)
	}
	run.reached = dockerWithin(daemon.pid, func() error { return dockerDial(ctx, run.baits[0].where) })
	return run, nil
}

// createPrivileged makes the container that has all a user can give it and that is the other one's neighbour.
func (r *dockerRunner) createPrivileged(ctx context.Context, folder dockerFolder) (string, error) {
	asked, err := dockerStateVolume()
	if err != nil {
		return "", err
	}
	asked.Nonce, asked.Listen = r.nonce, dockerPort
	return r.create(ctx, "docker-privileged", asked, folder, func(c *dockerContainer) {
		c.HostConfig.Privileged = true
		c.HostConfig.PidMode = "host"
	})
}

// createConfined makes the container that is as confined as the issue asks for, and without any limit of its own.
func (r *dockerRunner) createConfined(ctx context.Context, folder dockerFolder) (string, error) {
	return r.create(ctx, "docker-inside", dockerAsked{Nonce: r.nonce}, folder, func(c *dockerContainer) {
		c.User = strconv.Itoa(dockerUser)
		c.HostConfig.ReadonlyRootfs = true
		c.HostConfig.CapDrop = []string{"ALL"}
	})
}

// startNeighbour starts the privileged container, lays the baits, and tells the confined one of them.
func (r *dockerRunner) startNeighbour(
	ctx context.Context, id string, daemon int, folder dockerFolder,
) ([]dockerBait, error) {
	tell, err := folder.openDials()
	if err != nil {
		return nil, err
	}
	r.close = append(r.close, tell.Close)
	if err := r.api.start(ctx, id); err != nil {
		return nil, fmt.Errorf("the privileged container: %w", err)
	}
	state, err := r.api.inspect(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("the privileged container: %w", err)
	}
	baits, err := r.layBaits(ctx, daemon, &state)
	if err != nil {
		return nil, err
	}
	dials := map[string]string{}
	for _, b := range baits {
		dials[b.name] = b.where
	}
	return baits, json.NewEncoder(tell).Encode(dials)
}

func (r *dockerRunner) create(
	ctx context.Context, attempt string, asked dockerAsked, folder dockerFolder, shape func(*dockerContainer),
) (string, error) {
	argument, err := json.Marshal(asked)
	if err != nil {
		return "", err
	}
	const program = "/etc/probe"
	c := dockerContainer{
		Image:      r.image,
		Entrypoint: []string{program, "attempt", attempt, string(argument)},
		Labels:     map[string]string{dockerLabel: "1"},
		HostConfig: dockerHostConfig{
			Mounts: []dockerMount{
				{Type: "bind", Source: r.self, Target: program, ReadOnly: true},
				{Type: "bind", Source: folder.path, Target: dockerGuestDir},
			},
			Tmpfs: map[string]string{"/tmp": "mode=1777"},
		},
	}
	shape(&c)
	id, err := r.api.create(ctx, c)
	if err == nil {
		r.containers = append(r.containers, id)
	}
	return id, err
}

// listen waits for what a container tells, and looks at it while it is still there.
func (r *dockerRunner) listen(ctx context.Context, id string, into *dockerContainerRun) error {
	if err := r.api.told(ctx, id, &into.told); err != nil {
		return err
	}
	if into.told.Nonce != r.nonce {
		return errors.New("it tells of another run")
	}
	state, err := r.api.inspect(ctx, id)
	if err != nil {
		return err
	}
	into.seen, err = dockerLook(state.State.Pid, id)
	return err
}

// tidy removes the containers, which takes them a while, side by side, and then the image. What was being made when the
// run was cancelled has told no id: it is found by its label.
func (r *dockerRunner) tidy(ctx context.Context) error {
	cancelled := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dockerTidyTime)
	defer cancel()
	errs := make([]error, len(r.containers))
	var all sync.WaitGroup
	for i, id := range r.containers {
		all.Go(func() { errs[i] = r.api.remove(ctx, "containers", id) })
	}
	all.Wait()
	if r.image != "" {
		errs = append(errs, r.api.remove(ctx, "images", r.image))
	}
	if cancelled {
		errs = append(errs, r.api.sweep(ctx))
	}
	for _, end := range r.close {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// ping asks the daemon whether it is there.
func (d *dockerClient) ping(ctx context.Context) error {
	stream, err := d.open(ctx, http.MethodGet, "/_ping", nil, nil, "")
	if err != nil {
		return err
	}
	return stream.Close()
}

// dockerOutside is the guest's own address, the first that is not loopback.
func dockerOutside() (netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() && prefix.Addr().IsGlobalUnicast() {
			return prefix.Addr(), nil
		}
	}
	return netip.Addr{}, errors.New("the guest has no address")
}
