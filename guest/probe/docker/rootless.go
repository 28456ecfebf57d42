package docker

import (
	"context"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
)

// daemonState is what is known of who answers on the user's socket.
type daemonState struct {
	options   []string // SecurityOptions of GET /info
	uid, want string   // who runs it, and who should
	ownUserNS bool     // it is in a user namespace other than the agent's
}

func rootless() probe.Check {
	return check(probe.Check{
		ID: "docker-rootless", Source: "Docker bench 2.1, 2.14; Docker docs: rootless mode",
		Promise: "Docker is the user's own, without root, with its seccomp profile and no-new-privileges.",
		Try: func(ctx context.Context, env *probe.Env) probe.Result {
			const tried = "GET /info; who listens on the user's socket"
			daemon, err := askDaemon(ctx, env)
			if err != nil {
				return probe.Failed(tried, "%s", clean(err.Error()))
			}
			return daemon.judge(tried)
		},
	})
}

func askDaemon(ctx context.Context, env *probe.Env) (daemonState, error) {
	api, err := newClient(env.User)
	if err != nil {
		return daemonState{}, err
	}
	defer api.close()
	owner, err := user.Lookup(env.User)
	if err != nil {
		return daemonState{}, err
	}
	var info struct{ SecurityOptions []string }
	if err := api.ask(ctx, http.MethodGet, "/info", nil, nil, &info); err != nil {
		return daemonState{}, err
	}
	peer, err := peerOf(ctx, api.socket)
	if err != nil {
		return daemonState{}, err
	}
	theirs, err := procfs.UserNS(peer.pid)
	if err != nil {
		return daemonState{}, err
	}
	ours, err := procfs.UserNS(os.Getpid())
	if err != nil {
		return daemonState{}, err
	}
	return daemonState{
		options: info.SecurityOptions, uid: strconv.FormatUint(uint64(peer.uid), 10), want: owner.Uid, ownUserNS: theirs != ours,
	}, nil
}

func (d daemonState) judge(tried string) probe.Result {
	for _, want := range []string{"rootless", "seccomp", "no-new-privileges"} {
		if !slices.ContainsFunc(d.options, func(option string) bool { return confines(option, want) }) {
			return probe.Failed(tried, "dockerd runs without %s: %s", want, clean(strings.Join(d.options, " ")))
		}
	}
	if d.uid != d.want {
		return probe.Failed(tried, "dockerd runs as uid %s, not as %s", d.uid, d.want)
	}
	if !d.ownUserNS {
		return probe.Failed(tried, "dockerd runs in the guest's own user namespace")
	}
	return probe.Passed(tried, "rootless, seccomp, no-new-privileges; uid %s, in a user namespace of its own", d.uid)
}

// confines tells whether one of dockerd's security options, "name=seccomp,profile=builtin", is the wanted one and
// on.
func confines(option, want string) bool {
	fields := strings.Split(option, ",")
	return fields[0] == "name="+want && !slices.Contains(fields, "profile=unconfined")
}
