package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The profiles that an image can bring up.
const (
	ProfilePlain  = "plain"
	ProfileDocker = "docker"
)

// Instance is what the seed says of this instance; cloud-init writes it to instanceFile.
type Instance struct {
	ID      string `json:"id"`
	Profile string `json:"profile"`
	User    string `json:"user"`
}

const (
	instanceFile   = "/etc/holm/instance.json"
	configuredMark = "/var/lib/holm/configured" // there once cloud-init has succeeded
	cloudStatus    = "/run/cloud-init/status.json"
)

// configure runs cloud-init on the first boot and returns what the seed said. The mark is set only after cloud-init
// ended without an error, so that a boot that was cut short is configured again.
func (a *Agent) configure(ctx context.Context) (Instance, error) {
	if !a.exists(configuredMark) && os.Getenv("HOLM_CLOUD_INIT") != "done" {
		if err := a.runCloudInit(ctx); err != nil {
			return Instance{}, err
		}
	}
	content, err := os.ReadFile(a.path(instanceFile))
	if err != nil {
		return Instance{}, fmt.Errorf("the seed did not say what this instance is: %w", err)
	}
	var inst Instance
	if err := json.Unmarshal(content, &inst); err != nil {
		return Instance{}, fmt.Errorf("read %s: %w", instanceFile, err)
	}
	if inst.User == "" || (inst.Profile != ProfilePlain && inst.Profile != ProfileDocker) {
		return Instance{}, fmt.Errorf("%s: this image has no profile %q for user %q", instanceFile, inst.Profile, inst.User)
	}
	mark := a.path(configuredMark)
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err != nil {
		return Instance{}, err
	}
	return inst, os.WriteFile(mark, []byte(inst.ID+"\n"), 0o600)
}

// runCloudInit runs the one stage that holm needs: with "dsmode: local" in the seed, cloud-init's local stage reads the
// seed, writes the network's configuration and runs the modules that make the user.
func (a *Agent) runCloudInit(ctx context.Context) error {
	// Left over from a first boot that was cut short, they would make cloud-init believe that it is done.
	if err := os.RemoveAll(a.path("/var/lib/cloud/instances")); err != nil {
		return err
	}
	out, runErr := exec.CommandContext(ctx, a.path("/usr/bin/cloud-init"), "init", "--local").CombinedOutput()
	content, err := os.ReadFile(a.path(cloudStatus))
	if err != nil {
		return fmt.Errorf("cloud-init left no status: %w", errors.Join(err, runErr))
	}
	if problems := cloudErrors(content); problems != "" {
		return fmt.Errorf("cloud-init: %s", problems)
	}
	if runErr != nil {
		return fmt.Errorf("cloud-init: %w: %s", runErr, lastLine(out))
	}
	return nil
}

// cloudErrors returns what cloud-init's status file says went wrong in any stage, or "".
func cloudErrors(status []byte) string {
	var doc struct {
		V1 map[string]json.RawMessage `json:"v1"`
	}
	if err := json.Unmarshal(status, &doc); err != nil {
		return "its status is not JSON: " + err.Error()
	}
	var all []string
	for _, raw := range doc.V1 {
		var stage struct {
			Errors []string `json:"errors"`
		}
		if json.Unmarshal(raw, &stage) == nil {
			all = append(all, stage.Errors...)
		}
	}
	return strings.Join(all, "; ")
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
