package probe

import (
	"context"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// dockerDaemon is what is known of who answers on the user's socket.
type dockerDaemon struct {
	options   []string // SecurityOptions of GET /info
	uid, want string   // who runs it, and who should
	ownUserNS bool     // it is in a user namespace other than the agent's
}

func dockerRootless() Check {
	return dockerCheck(Check{
		ID: "docker-rootless", Source: "Docker bench 2.1, 2.14; Docker docs: rootless mode",
		Promise: "Docker is the user's own, without root, with its seccomp profile and no-new-privileges.",
		Try: func(ctx context.Context, env *Env) Result {
			const tried = "GET /info; who listens on the user's socket"
			daemon, err := askDockerDaemon(ctx, env)
			if err != nil {
				return failed(tried, "%s", dockerClean(err.Error()))
			}
			return daemon.judge(tried)
		},
	})
}

func askDockerDaemon(ctx context.Context, env *Env) (dockerDaemon, error) {
	api, err := newDockerClient(env.User)
	if err != nil {
		return dockerDaemon{}, err
	}
	defer api.close()
	owner, err := user.Lookup(env.User)
	if err != nil {
		return dockerDaemon{}, err
	}
	var info struct{ SecurityOptions []string }
	if err := api.ask(ctx, http.MethodGet, "/info", nil, nil, &info); err != nil {
		return dockerDaemon{}, err
	}
	peer, err := dockerPeer(ctx, api.socket)
	if err != nil {
		return dockerDaemon{}, err
	}
	theirs, err := dockerUserNS(peer.pid)
	if err != nil {
		return dockerDaemon{}, err
	}
	ours, err := dockerUserNS(os.Getpid())
	if err != nil {
		return dockerDaemon{}, err
	}
	return dockerDaemon{
		options: info.SecurityOptions, uid: strconv.FormatUint(uint64(peer.uid), 10), want: owner.Uid, ownUserNS: theirs != ours,
	}, nil
}

func (d dockerDaemon) judge(tried string) Result {
	for _, want := range []string{"rootless", "seccomp", "no-new-privileges"} {
		if !slices.ContainsFunc(d.options, func(option string) bool { return dockerConfines(option, want) }) {
			return failed(tried, "dockerd runs without %s: %s", want, dockerClean(strings.Join(d.options, " ")))
		}
	}
	if d.uid != d.want {
		return failed(tried, "dockerd runs as uid %s, not as %s", d.uid, d.want)
	}
	if !d.ownUserNS {
		return failed(tried, "dockerd runs in the guest's own user namespace")
	}
	return passed(tried, "rootless, seccomp, no-new-privileges; uid %s, in a user namespace of its own", d.uid)
}

// dockerConfines tells whether one of dockerd's security options, "name=seccomp,profile=builtin", is the wanted one and
// on.
func dockerConfines(option, want string) bool {
	fields := strings.Split(option, ",")
	return fields[0] == "name="+want && !slices.Contains(fields, "profile=unconfined")
}
