//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// context returns what runs the operator's own docker on the instance's. ssh reads the user's configuration wherever HOME
// points, so that it gets holm's block by a wrapper instead.
func (d working) context(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	client, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("this machine has no docker client (Debian: docker-cli, docker.io)")
	}
	var c struct {
		Host      string
		SSHConfig string `json:"ssh_config"`
	}
	decode(t, holm("docker-context", day, "--tenant", dayTenant, "-o", "json").must(t), &c)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config": c.SSHConfig, "ssh": "#!/bin/sh\nexec /usr/bin/ssh -F '" + filepath.Join(dir, "config") + "' \"$@\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// A client that is newer than the engine asks for its version first, and gives it two seconds.
	version := d.run(t, "docker version -f '{{.Server.APIVersion}}'")
	return func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), client, args...)
		cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "DOCKER_HOST=" + c.Host, "DOCKER_API_VERSION=" + version}
		return cmd
	}
}
