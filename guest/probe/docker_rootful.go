package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func dockerNoRootful() Check {
	return dockerCheck(Check{
		ID: "docker-no-rootful", Source: "holm; Docker bench 1.1",
		Promise: "No Docker and no containerd of root's runs, and their sockets answer nobody.",
		Try: func(ctx context.Context, env *Env) Result {
			const tried = "connect to /run/docker.sock, /var/run/docker.sock, containerd.sock; look for daemons of root's"
			api, err := newDockerClient(env.User)
			if err != nil {
				return inconclusive(tried, "%s", dockerClean(err.Error()))
			}
			defer api.close()
			if err := api.ping(ctx); err != nil {
				return inconclusive(tried, "the user's own socket does not answer either: %s", dockerClean(err.Error()))
			}
			tries := dockerTries{}
			names := []string{"/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock"}
			for _, name := range names {
				tries.do(name, func() error { return dockerDial(ctx, "unix "+name) })
			}
			daemons, err := dockerRootDaemons()
			if err != nil {
				return inconclusive(tried, "%s", dockerClean(err.Error()))
			}
			return judgeRootful(tried, tries, names, daemons)
		},
	})
}

func judgeRootful(tried string, tries dockerTries, names, daemons []string) Result {
	if len(daemons) > 0 {
		return failed(tried, "root runs %s", strings.Join(daemons, ", "))
	}
	for _, name := range names {
		if tries[name] == 0 {
			return failed(tried, "%s answers", name)
		}
	}
	return passed(tried, "%s; no daemon of root's", tries.tell(names...))
}

// dockerRootDaemons lists the processes that are a container daemon, run as root and live in the guest's own user
// namespace: "dockerd (pid 12)".
func dockerRootDaemons() ([]string, error) {
	ours, err := dockerUserNS(os.Getpid())
	if err != nil {
		return nil, err
	}
	pids, err := dockerPIDs()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, pid := range pids {
		status, err := dockerReadStatus(dockerProc(pid, "status"))
		if err != nil {
			continue // it has ended
		}
		program, _ := os.Readlink(dockerProc(pid, "exe")) // the kernel's own have none
		theirs, _ := dockerUserNS(pid)
		if status.EUID == 0 && theirs == ours && dockerIsDaemon(status.Name, filepath.Base(program)) {
			found = append(found, fmt.Sprintf("%s (pid %d)", dockerClean(status.Name), pid))
		}
	}
	return found, nil
}

// dockerIsDaemon goes by the name that a process bears and by that of its program.
func dockerIsDaemon(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == "dockerd" || name == "containerd" || strings.HasPrefix(name, "containerd-shim") || name == "podman"
	})
}
