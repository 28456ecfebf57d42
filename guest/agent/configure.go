package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
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
	configured := a.exists(configuredMark)
	if !configured && os.Getenv("HOLM_CLOUD_INIT") != "done" {
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
	// The name becomes a file's in keepSessions.
	known := slices.Contains([]string{probe.Plain, probe.Docker, probe.K3s}, inst.Profile)
	if inst.User == "" || inst.User != filepath.Base(filepath.Join("/", inst.User)) || !known {
		return Instance{}, fmt.Errorf("%s: this image has no profile %q for user %q", instanceFile, inst.Profile, inst.User)
	}
	if configured {
		return inst, nil
	}
	return inst, a.markConfigured(inst)
}

// markConfigured sets the mark once all that cloud-init wrote is on disk: were the power to fail in between, the next
// boot would believe in files that are empty.
func (a *Agent) markConfigured(inst Instance) error {
	mark := a.path(configuredMark)
	if err := os.MkdirAll(filepath.Dir(mark), 0o700); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(mark))
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Syncfs(int(dir.Fd())), dir.Close()); err != nil {
		return fmt.Errorf("write what cloud-init did to the state volume: %w", err)
	}
	return os.WriteFile(mark, []byte(inst.ID+"\n"), 0o600)
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
	if len(doc.V1) == 0 {
		return "its status says nothing"
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(doc.V1)) {
		var stage struct {
			Errors json.RawMessage `json:"errors"`
		}
		if json.Unmarshal(doc.V1[name], &stage) != nil || len(stage.Errors) == 0 {
			continue // a stage's name or the data source, not a stage
		}
		var errs []string
		if json.Unmarshal(stage.Errors, &errs) != nil {
			errs = []string{string(stage.Errors)}
		}
		for _, e := range errs {
			all = append(all, name+": "+e)
		}
	}
	return strings.Join(all, "; ")
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
