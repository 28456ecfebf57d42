package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holm/guest/environment"
	"holm/internal/atomicfile"
)

const dockerdFile = "/etc/holm/dockerd.json"

// DockerSettings runs as the instance's user before dockerd starts, and before it reads its settings again. It writes the
// daemon's settings, those of the seed with what the host told, below XDG_RUNTIME_DIR, and puts the host's proxy into the
// user's own config.json.
type DockerSettings struct {
	Root       string // prefix of the system's paths
	Home       string
	RuntimeDir string
}

// Run does it. What is wrong with the user's own config.json is said, and keeps no daemon from starting.
func (d DockerSettings) Run() error {
	if d.Home == "" || d.RuntimeDir == "" {
		return errors.New("docker-settings: HOME and XDG_RUNTIME_DIR have to be set")
	}
	settings, err := os.ReadFile(d.Root + dockerdFile)
	if err != nil {
		return err
	}
	told, err := readDockerTold(d.Root + dockerTold)
	if err != nil {
		return err
	}
	merged, err := told.Daemon(settings)
	if err != nil {
		return fmt.Errorf("%s: %w", dockerdFile, err)
	}
	dir := filepath.Join(d.RuntimeDir, "holm")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, "dockerd.json"), 0o600, merged); err != nil {
		return err
	}
	if err := d.client(told); err != nil {
		fmt.Fprintf(os.Stderr, "the proxy that the host told is not in docker's config.json: %v\n", err)
	}
	return nil
}

// client changes config.json, if there is anything to change. What was put there is noted beside it.
func (d DockerSettings) client(told environment.Docker) error {
	dir := filepath.Join(d.Home, ".docker")
	noted := filepath.Join(dir, "holm-proxy.json")
	file := filepath.Join(dir, "config.json")
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target // people keep such files elsewhere
	}
	config, err := readIfThere(file)
	if err != nil {
		return err
	}
	before, err := readIfThere(noted)
	if err != nil {
		return err
	}
	after, put, err := told.Client(config, string(before))
	if err != nil || string(after) == string(config) && put == string(before) {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if string(after) != string(config) {
		if err := atomicfile.WriteBytes(file, 0o600, after); err != nil {
			return err
		}
	}
	return atomicfile.WriteBytes(noted, 0o600, []byte(put))
}

func readIfThere(path string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// readDockerTold reads what the agent left for the user's Docker; nothing where nothing was told.
func readDockerTold(path string) (environment.Docker, error) {
	var d environment.Docker
	content, err := readIfThere(path)
	if err == nil && len(content) > 0 {
		err = json.Unmarshal(content, &d)
	}
	return d, err
}
