package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

const userUnit = "/usr/lib/systemd/user/docker.service"

// keepSessions makes systemd start the user's manager at boot ("linger"), and rootless Docker with it. logind reads the
// folder when it starts, which is after this service.
func (a *Agent) keepSessions(inst Instance) error {
	linger := a.path("/var/lib/systemd/linger")
	if err := os.MkdirAll(linger, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(linger, inst.User), nil, 0o644); err != nil {
		return err
	}
	if err := a.link(userUnit, "/etc/systemd/user/default.target.wants"); err != nil {
		return err
	}
	return a.pointDocker(inst.User)
}

// pointDocker lets "docker" reach the user's own daemon from every session, those without a login shell too: PAM reads
// the file. What the instance's owner has written there stays.
func (a *Agent) pointDocker(name string) error {
	const variable = "DOCKER_HOST="
	dir, err := runtimeDir(name)
	if err != nil {
		return err
	}
	file := a.path("/etc/environment")
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if strings.Contains(string(content), variable) {
		return nil
	}
	return os.WriteFile(file, append(content, variable+"unix://"+dir+"/docker.sock\n"...), 0o644)
}

// runtimeDir is the folder of the user's sockets.
func runtimeDir(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", fmt.Errorf("cloud-init made no user %q: %w", name, err)
	}
	if _, err := strconv.Atoi(u.Uid); err != nil {
		return "", err
	}
	return "/run/user/" + u.Uid, nil
}

// notifyReady tells systemd that whatever is ordered after this service may start. Outside systemd it does nothing.
func notifyReady() error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	_, err = conn.Write([]byte("READY=1"))
	return errors.Join(err, conn.Close())
}
