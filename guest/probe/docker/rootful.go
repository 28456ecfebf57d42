package docker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
)

func noRootful() probe.Check {
	return check(probe.Check{
		ID: "docker-no-rootful", Source: "holm; Docker bench 1.1",
		Promise: "No Docker and no containerd of root's runs, and their sockets answer nobody.",
		Try: func(ctx context.Context, env *probe.Env) probe.Result {
			const tried = "connect to /run/docker.sock, /var/run/docker.sock, containerd.sock; look for daemons of root's"
			api, err := newClient(env.User)
			if err != nil {
				return probe.Inconclusive(tried, "%s", clean(err.Error()))
			}
			defer api.close()
			if err := api.ping(ctx); err != nil {
				return probe.Inconclusive(tried, "the user's own socket does not answer either: %s", clean(err.Error()))
			}
			tries := dockerTries{}
			names := []string{"/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock"}
			for _, name := range names {
				tries.do(name, func() error { return dial(ctx, "unix "+name) })
			}
			daemons, err := rootDaemons()
			if err != nil {
				return probe.Inconclusive(tried, "%s", clean(err.Error()))
			}
			return judgeRootful(tried, tries, names, daemons)
		},
	})
}

func judgeRootful(tried string, tries dockerTries, names, daemons []string) probe.Result {
	if len(daemons) > 0 {
		return probe.Failed(tried, "root runs %s", strings.Join(daemons, ", "))
	}
	for _, name := range names {
		if tries[name] == 0 {
			return probe.Failed(tried, "%s answers", name)
		}
	}
	return probe.Passed(tried, "%s; no daemon of root's", tries.tell(names...))
}

// rootDaemons lists the processes that are a container daemon, run as root and live in the guest's own user
// namespace: "dockerd (pid 12)".
func rootDaemons() ([]string, error) {
	ours, err := procfs.UserNS(os.Getpid())
	if err != nil {
		return nil, err
	}
	pids, err := procfs.Processes()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, pid := range pids {
		status, err := procfs.ReadStatus(procfs.Path(pid, "status"))
		if err != nil {
			continue // it has ended
		}
		program, _ := os.Readlink(procfs.Path(pid, "exe")) // the kernel's own have none
		theirs, _ := procfs.UserNS(pid)
		if status.EUID == 0 && theirs == ours && isDaemon(status.Name, filepath.Base(program)) {
			found = append(found, fmt.Sprintf("%s (pid %d)", clean(status.Name), pid))
		}
	}
	return found, nil
}

// isDaemon goes by the name that a process bears and by that of its program.
func isDaemon(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == "dockerd" || name == "containerd" || strings.HasPrefix(name, "containerd-shim") || name == "podman"
	})
}
