package caps

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The kinds of subjects.
const (
	process   = "process"
	container = "container"
	pod       = "pod"
)

var (
	dockerScope = regexp.MustCompile(`/docker-([0-9a-f]{64})\.scope`)
	podSlice    = regexp.MustCompile(`-pod([0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12})\.slice`)
)

// unitOf finds out of a process's cgroup what it belongs to: systemd's scope of a container, or the kubelet's slice of
// a pod.
func unitOf(cgroup string) (kind, id string) {
	if m := podSlice.FindStringSubmatch(cgroup); m != nil {
		return pod, strings.ReplaceAll(m[1], "_", "-")
	}
	if m := dockerScope.FindStringSubmatch(cgroup); m != nil {
		return container, m[1]
	}
	return process, ""
}

// askWithin bounds how long Docker may take to name its containers; without names there are their ids.
const askWithin = 5 * time.Second

// socketNames asks each user's Docker for the names of its containers.
func socketNames(ctx context.Context, glob string) func(id string) string {
	known := map[string]string{}
	sockets, _ := filepath.Glob(glob)
	for _, socket := range sockets {
		for _, c := range listContainers(ctx, socket) {
			if len(c.Names) > 0 {
				known[c.ID] = strings.TrimPrefix(c.Names[0], "/")
			}
		}
	}
	return func(id string) string {
		if name, ok := known[id]; ok {
			return name
		}
		return id[:min(len(id), 12)]
	}
}

type listed struct {
	ID    string `json:"Id"`
	Names []string
}

func listContainers(ctx context.Context, socket string) []listed {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/containers/json", nil)
	if err != nil {
		return nil
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = answer.Body.Close() }()
	var all []listed
	if json.NewDecoder(io.LimitReader(answer.Body, 4<<20)).Decode(&all) != nil {
		return nil
	}
	return all
}
