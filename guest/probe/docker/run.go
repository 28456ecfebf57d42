package docker

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

	"holm/guest/probe"
)

const (
	dockerUser = 1001             // the confined container's
	dockerPort = 7946             // on which the neighbour listens
	runTime    = 2 * time.Minute  // for all of a run; in emulation it takes some 8 seconds
	tidyTime   = 20 * time.Second // for removing what it made, also when it was cancelled
)

// checkRun is what came of one run: two containers of one image, which try everything that the checks are about. A
// container takes seconds to start in emulation, so the checks share one run.
type checkRun struct {
	confined, privileged containerRun
	baits                []dockerBait // what the confined container was to reach, or not
	reached              error        // how the agent itself reached the neighbour
}

// containerRun is one container: as it sees itself, and as the guest sees it.
type containerRun struct {
	told dockerTold
	seen dockerSeen
}

// share lets the checks of one list share a run. The first that needs it makes it.
type share struct {
	env *probe.Env
	run *checkRun
	err error
}

// judged is a Try that makes the run, or takes the one there is, and judges it.
func (s *share) judged(tried string, judge func(tried string, run *checkRun) probe.Result) func(context.Context, *probe.Env) probe.Result {
	return func(ctx context.Context, env *probe.Env) probe.Result {
		if s.env != env {
			s.env = env
			s.run, s.err = runChecks(ctx, env)
		}
		if s.err != nil {
			return probe.Inconclusive(tried, "%s", clean(s.err.Error()))
		}
		return judge(tried, s.run)
	}
}

// runChecks makes the run, and removes what it made however it ends.
func runChecks(ctx context.Context, env *probe.Env) (_ *checkRun, err error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	api, err := newClient(env.User)
	if err != nil {
		return nil, err
	}
	defer api.close()
	if err := api.sweep(ctx); err != nil {
		return nil, err
	}
	r := &runner{api: api, self: env.Self, nonce: rand.Text()}
	defer func() {
		// What is left behind is worth a word even when the run came to its end.
		if left := r.tidy(ctx); left != nil && err == nil {
			err = fmt.Errorf("remove what the checks made: %w", left)
		}
	}()
	return r.all(ctx)
}

// runner is a run under way, and what it has made so far.
type runner struct {
	api   *client
	self  string
	nonce string

	image      string
	containers []string
	close      []func() error
}

func (r *runner) all(ctx context.Context) (*checkRun, error) {
	run := &checkRun{}
	daemon, err := peerOf(ctx, r.api.socket)
	if err != nil {
		return nil, err
	}
	if r.image, err = r.api.dockerImport(ctx, r.self, strings.ToLower(r.nonce)); err != nil {
		return nil, err
	}
	folder, err := guestFolder()
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
	run.reached = within(daemon.pid, func() error { return dial(ctx, run.baits[0].where) })
	return run, nil
}

// createPrivileged makes the container that has all a user can give it and that is the other one's neighbour.
func (r *runner) createPrivileged(ctx context.Context, folder dockerFolder) (string, error) {
	asked, err := stateVolume()
	if err != nil {
		return "", err
	}
	asked.Nonce, asked.Listen = r.nonce, dockerPort
	return r.create(ctx, "docker-privileged", asked, folder, func(c *container) {
		c.HostConfig.Privileged = true
		c.HostConfig.PidMode = "host"
	})
}

// createConfined makes the container that is as confined as the issue asks for, and without any limit of its own.
func (r *runner) createConfined(ctx context.Context, folder dockerFolder) (string, error) {
	return r.create(ctx, "docker-inside", dockerAsked{Nonce: r.nonce}, folder, func(c *container) {
		c.User = strconv.Itoa(dockerUser)
		c.HostConfig.ReadonlyRootfs = true
		c.HostConfig.CapDrop = []string{"ALL"}
	})
}

// startNeighbour starts the privileged container, lays the baits, and tells the confined one of them.
func (r *runner) startNeighbour(
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

func (r *runner) create(
	ctx context.Context, attempt string, asked dockerAsked, folder dockerFolder, shape func(*container),
) (string, error) {
	argument, err := json.Marshal(asked)
	if err != nil {
		return "", err
	}
	const program = "/etc/probe"
	c := container{
		Image:      r.image,
		Entrypoint: []string{program, "attempt", attempt, string(argument)},
		Labels:     map[string]string{label: "1"},
		HostConfig: hostConfig{
			Mounts: []mount{
				{Type: "bind", Source: r.self, Target: program, ReadOnly: true},
				{Type: "bind", Source: folder.path, Target: guestDir},
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
func (r *runner) listen(ctx context.Context, id string, into *containerRun) error {
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
	into.seen, err = look(state.State.Pid, id)
	return err
}

// tidy removes the containers, which takes them a while, side by side, and then the image. What was being made when the
// run was cancelled has told no id: it is found by its label.
func (r *runner) tidy(ctx context.Context) error {
	cancelled := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTime)
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
func (d *client) ping(ctx context.Context) error {
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
