package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"
)

// awaitDocker waits for the user's own daemon to answer.
func (a *Agent) awaitDocker(ctx context.Context, name string) error {
	dir, err := runtimeDir(name)
	if err != nil {
		return err
	}
	if err := a.dockerIsOn(name); err != nil {
		return err // nobody waits for what its owner has switched off
	}
	socket := a.path(dir + "/docker.sock")
	if err := until(ctx, func() error { return pingDocker(ctx, socket) }); err != nil {
		return fmt.Errorf("dockerd does not answer: %w", err)
	}
	return nil
}

// dockerIsOn fails when the instance's owner has masked the daemon's unit, for the user or for all.
func (a *Agent) dockerIsOn(name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	for _, dir := range []string{u.HomeDir + "/.config/systemd/user", "/etc/systemd/user"} {
		to, err := os.Readlink(a.path(filepath.Join(dir, "docker.service")))
		if err == nil && to == os.DevNull {
			return errors.New("docker.service is masked by its owner; to have it again: systemctl --user unmask docker")
		}
	}
	return nil
}

// pingDocker believes nothing of what the daemon says but that it answers: it belongs to the instance's user.
func pingDocker(ctx context.Context, socket string) error {
	_, err := getDocker(ctx, socket, "/_ping")
	return err
}

// containersRun tells whether a restart of the user's daemon would end anything. Where it does not say so, nothing runs that
// it could end.
func (a *Agent) containersRun(ctx context.Context, name string) bool {
	dir, err := runtimeDir(name)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, dockerSaysWithin)
	defer cancel()
	begin, err := getDocker(ctx, a.path(dir+"/docker.sock"), "/containers/json?limit=1")
	return err == nil && strings.TrimSpace(begin) != "[]"
}

// dockerSaysWithin bounds how long the daemon may take to say whether containers run.
const dockerSaysWithin = 10 * time.Second

// getDocker asks the daemon, and returns the first bytes of its answer.
func getDocker(ctx context.Context, socket, path string) (begin string, err error) {
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", socket)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: %.100s", path, resp.Status)
	}
	content, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	return string(content), err
}
