package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"holm/guest/probe"
)

const systemctl = "/usr/bin/systemctl"

// stirsWithin bounds how long programs may take to come up with what has changed.
const stirsWithin = 2 * time.Minute

// dockerLater is said of what a restart of dockerd alone would put into force.
const dockerLater = "containers run: Docker goes by its new settings from its next start on"

// stir has programs that run read what is new to them. One that does not run reads it when it starts.
func (a *Agent) stir(ctx context.Context, inst Instance, s stirred) error {
	ctx, cancel := context.WithTimeout(ctx, stirsWithin)
	defer cancel()
	var errs []error
	if s.resolver {
		errs = append(errs, a.run(ctx, systemctl, "try-reload-or-restart", "systemd-resolved.service"))
	}
	if s.clock {
		errs = append(errs, a.run(ctx, systemctl, "try-restart", "systemd-timesyncd.service"))
	}
	switch {
	case inst.Profile == probe.Docker && s.docker && a.containersRun(ctx, inst.User):
		a.told.later = dockerLater // it is its owner who knows when they may end
	case inst.Profile == probe.Docker && s.docker:
		a.told.later = ""
		errs = append(errs, a.stirDocker(ctx, inst.User, "try-restart"))
	case inst.Profile == probe.Docker && s.mirrors:
		errs = append(errs, a.stirDocker(ctx, inst.User, "try-reload-or-restart"))
	case inst.Profile == probe.K3s && s.k3s:
		errs = append(errs, a.run(ctx, systemctl, "try-restart", "k3s.service"))
	}
	return errors.Join(errs...)
}

// stirDocker speaks to the user's own manager, as the user: it belongs to somebody whom root does not trust.
func (a *Agent) stirDocker(ctx context.Context, name, verb string) error {
	uid, gid, err := userIDs(name)
	if err != nil {
		return err
	}
	dir := fmt.Sprintf("/run/user/%d", uid)
	if !a.exists(dir + "/systemd") {
		return nil // there is no manager that would run anything
	}
	cmd := exec.CommandContext(ctx, a.path(systemctl), "--user", verb, "docker.service")
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // they are
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s docker of user %s: %w: %s", verb, name, err, lastLine(out))
	}
	return nil
}

// userIDs are the numbers of a user and of the group that is the user's own.
func userIDs(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("cloud-init made no user %q: %w", name, err)
	}
	uid, err = strconv.Atoi(u.Uid)
	if err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	return uid, gid, err
}
