package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

// moduleLock, once it says 1, keeps the kernel from taking another module until it boots anew.
const moduleLock = "/proc/sys/kernel/modules_disabled"

// modules is what modulesFile says.
type modules struct {
	Load []string `json:"load"` // names, in any order; modprobe knows what each needs
	Lock bool     `json:"lock"` // take no others once the profile is up
}

// moduleName leaves no room for what modprobe would take for an option or a path.
var moduleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func (a *Agent) wantedModules() (modules, error) {
	content, err := a.seeded(modulesFile)
	if err != nil {
		return modules{}, err
	}
	var want modules
	if err := json.Unmarshal(content, &want); err != nil {
		return modules{}, fmt.Errorf("read %s: %w", modulesFile, err)
	}
	for _, name := range want.Load {
		if !moduleName.MatchString(name) {
			return modules{}, fmt.Errorf("%s: %.80q is no name of a module", modulesFile, name)
		}
	}
	return want, nil
}

// loadModules loads, in one process, all that the profile will ever need: once the kernel is locked, nothing that is
// missing comes by itself.
func (a *Agent) loadModules(ctx context.Context) error {
	want, err := a.wantedModules()
	if err != nil || len(want.Load) == 0 {
		return err
	}
	if err := a.run(ctx, "/usr/sbin/modprobe", append([]string{"-a", "--"}, want.Load...)...); err != nil {
		return fmt.Errorf("%s: %w", modulesFile, err)
	}
	return nil
}

// lockModules makes the kernel refuse further modules, when the profile wants it so. Nothing but a boot undoes it.
func (a *Agent) lockModules() error {
	want, err := a.wantedModules()
	if err != nil || !want.Lock {
		return err
	}
	if err := write(a.path(moduleLock), "1"); err != nil {
		return fmt.Errorf("lock the kernel's modules: %w", err)
	}
	return nil
}

// write sets one of the kernel's files, which has to be there.
func write(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value + "\n")
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
