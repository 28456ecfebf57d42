//go:build bench

package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"

	"holm/internal/run"
)

// dockerClient is the operator's own docker, with the context that holm prints.
type dockerClient struct {
	dir  string // of the configuration
	host string // ssh://NAME
	name string
}

// secondOfFirst is what the second command of a minute may take of the first.
const secondOfFirst = 0.25

// measureDocker compares "docker ps" through the context, the first of a minute and the second, with running it in the
// instance by "holm exec" and by plain ssh.
func measureDocker(ctx context.Context, l *lab, rounds int) ([]row, error) {
	if _, err := exec.LookPath("docker"); err != nil {
		l.say("  left out: this machine has no docker client (Debian: docker-cli, docker.io)")
		return nil, nil
	}
	d, err := l.needDay(ctx)
	if err != nil {
		return nil, err
	}
	c, err := d.dockerClient(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.hangUp(context.WithoutCancel(ctx)) }()
	first := func(ctx context.Context) (float64, error) {
		_ = c.hangUp(ctx) // fails when nothing was shared
		return stopwatch(func() error { return c.ps(ctx) })
	}
	second := func(ctx context.Context) (float64, error) {
		if err := c.ps(ctx); err != nil {
			return 0, err
		}
		return stopwatch(func() error { return c.ps(ctx) })
	}
	inside := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error { _, err := d.run(ctx, "exec", "-n", dayGuest, "--", "docker", "ps"); return err })
	}
	plain := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error {
			_, err := run.Command(ctx, "ssh", "-n", "-F", c.config(), "-S", "none", c.name, "docker", "ps")
			return err
		})
	}
	s, err := alternate(ctx, rounds, l.say, first, second, inside, plain)
	if err != nil {
		return nil, err
	}
	return []row{
		against("docker ps, first", inSeconds, s[0], "plain ssh", s[3], goal{}),
		against("docker ps, first", inSeconds, s[0], "holm exec", s[2], goal{}),
		against("docker ps, second", inSeconds, s[1], "plain ssh", s[3], goal{}),
		against("docker ps, second", inSeconds, s[1], "the first", s[0], goal{Ratio: secondOfFirst}),
	}, nil
}

// dockerClient prepares a folder that takes the place of the user's configuration: ssh reads its own wherever HOME points, and
// gets this one by a wrapper.
func (d *day) dockerClient(ctx context.Context) (c dockerClient, err error) {
	// The context is only printed, but holm wants to know whose it would be.
	said, err := run.Run(ctx, run.Cmd{
		Name: d.holm, Args: []string{"--quiet", "docker-context", dayGuest, "-o", "json"}, Env: append(d.environment(), "HOME="+d.dir),
	})
	if err != nil {
		return c, err
	}
	var told struct {
		Context   string
		Host      string
		SSHConfig string `json:"ssh_config"`
	}
	if err := json.Unmarshal(said, &told); err != nil {
		return c, err
	}
	c = dockerClient{dir: d.dir, host: told.Host, name: told.Context}
	wrapper := "#!/bin/sh\nexec /usr/bin/ssh -F '" + c.config() + "' -S '" + filepath.Join(c.dir, "shared") + "' \"$@\"\n"
	for name, text := range map[string]string{"config": told.SSHConfig, "ssh": wrapper} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // one is run
			return c, err
		}
	}
	return c, nil
}

func (c dockerClient) config() string { return filepath.Join(c.dir, "config") }

func (c dockerClient) ps(ctx context.Context) error {
	_, err := run.Run(ctx, run.Cmd{Name: "docker", Args: []string{"ps"}, Env: []string{
		"PATH=" + c.dir + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + c.dir, "DOCKER_HOST=" + c.host,
	}})
	return err
}

// hangUp ends the shared connection, as a minute would.
func (c dockerClient) hangUp(ctx context.Context) error {
	_, err := run.Command(ctx, filepath.Join(c.dir, "ssh"), "-O", "exit", c.name)
	return err
}
