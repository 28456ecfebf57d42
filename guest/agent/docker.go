package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"holm/guest/report"
)

// checkDocker waits for the user's own daemon and asks it whether it is rootless and confined.
func (a *Agent) checkDocker(ctx context.Context, name string) report.Check {
	c := report.Check{ID: "docker-rootless"}
	dir, err := runtimeDir(name)
	if err != nil {
		c.Found = err.Error()
		return c
	}
	var info dockerInfo
	err = until(ctx, func() error {
		var err error
		info, err = askDocker(ctx, a.path(dir+"/docker.sock"))
		return err
	})
	if err != nil {
		c.Found = "dockerd does not answer: " + err.Error()
		return c
	}
	for _, want := range []string{"rootless", "seccomp", "no-new-privileges"} {
		if !slices.ContainsFunc(info.SecurityOptions, func(option string) bool { return confines(option, want) }) {
			c.Found = fmt.Sprintf("dockerd runs without %s: %v", want, info.SecurityOptions)
			return c
		}
	}
	c.OK = true
	c.Found = fmt.Sprintf("docker %s, %s, rootless, seccomp, no-new-privileges", info.ServerVersion, info.Driver)
	return c
}

// confines tells whether one of dockerd's security options, "name=seccomp,profile=builtin", is the wanted one and on.
func confines(option, want string) bool {
	fields := strings.Split(option, ",")
	return fields[0] == "name="+want && !slices.Contains(fields, "profile=unconfined")
}

// dockerInfo is the part of GET /info that the check needs.
type dockerInfo struct {
	ServerVersion   string
	Driver          string
	SecurityOptions []string
}

func askDocker(ctx context.Context, socket string) (dockerInfo, error) {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/info", nil)
	if err != nil {
		return dockerInfo{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return dockerInfo{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return dockerInfo{}, fmt.Errorf("GET /info: %s", resp.Status)
	}
	var info dockerInfo
	return info, json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&info)
}
