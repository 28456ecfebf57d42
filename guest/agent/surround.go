package agent

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"holm/guest/environment"
	"holm/guest/probe"
	"holm/guest/report"
	"holm/internal/atomicfile"
	"holm/internal/strictjson"
)

// Where the environment goes. What lies in /run is gone at the next boot, and written again.
const (
	runDir        = "/run/holm"
	dockerTold    = runDir + "/docker.json"
	k3sVariables  = runDir + "/k3s.env"
	resolvedFile  = "/run/systemd/resolved.conf.d/50-holm.conf"
	timesyncdFile = "/run/systemd/timesyncd.conf.d/50-holm.conf"

	hostsFile      = "/etc/hosts"
	sessionFile    = "/etc/environment"
	registriesFile = "/etc/rancher/k3s/registries.yaml"

	resolvConf  = "/etc/resolv.conf"
	resolvStub  = "../run/systemd/resolve/stub-resolv.conf" // as systemd-resolved wants to see it
	certFolder  = "/etc/ssl/certs"
	certsBundle = certFolder + "/ca-certificates.crt"
)

// stirred is which programs read something that has changed.
type stirred struct{ resolver, clock, docker, mirrors, k3s bool }

// surround writes an environment to where the programs of the image read it, and has those that run take note of what has
// changed for them. At a boot nothing runs yet that would have to.
func (a *Agent) surround(ctx context.Context, inst Instance, e report.Environment, live bool) error {
	var s stirred
	for _, write := range []func(Instance, report.Environment, *stirred) error{
		a.writeNames, a.writeTime, a.writeCertificates, a.writeSession, a.writeProfile,
	} {
		if err := write(inst, e, &s); err != nil {
			return err
		}
	}
	if !live {
		return nil
	}
	return a.stir(ctx, inst, s)
}

func (a *Agent) writeNames(_ Instance, e report.Environment, s *stirred) error {
	resolved, err := environment.Resolved(e)
	if err != nil {
		return err
	}
	if s.resolver, err = a.lay(resolvedFile, resolved, 0o644, 0); err != nil {
		return err
	}
	if err := a.pointToStub(); err != nil {
		return err
	}
	hosts, err := a.content(hostsFile)
	if err != nil {
		return err
	}
	// Everybody who reads it looks whether it is new.
	_, err = a.lay(hostsFile, environment.Hosts(hosts, e), 0o644, 0)
	return err
}

// pointToStub mends what instances have of images without a resolver: an empty file, of which there may be a copy on the
// state volume. Any other file is its owner's.
func (a *Agent) pointToStub() error {
	info, err := os.Lstat(a.path(resolvConf))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > 0) {
		return nil
	}
	if err := os.Remove(a.path(resolvConf)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(resolvStub, a.path(resolvConf))
}

func (a *Agent) writeTime(_ Instance, e report.Environment, s *stirred) error {
	content, err := environment.Timesyncd(e)
	if err != nil {
		return err
	}
	s.clock, err = a.lay(timesyncdFile, content, 0o644, 0)
	return err
}

// writeSession tells sessions of the proxy. A password in it is for root and the instance's user alone.
func (a *Agent) writeSession(inst Instance, e report.Environment, _ *stirred) error {
	file, err := a.content(sessionFile)
	if err != nil {
		return err
	}
	content, err := environment.Session(file, e)
	if err != nil || bytes.Equal(content, file) {
		return err
	}
	mode, group := os.FileMode(0o644), 0
	if environment.Secret(e) {
		mode = 0o640
		if _, group, err = userIDs(inst.User); err != nil {
			return err
		}
	}
	_, err = a.lay(sessionFile, content, mode, group)
	return err
}

func (a *Agent) writeProfile(inst Instance, e report.Environment, s *stirred) error {
	switch inst.Profile {
	case probe.Docker:
		return a.writeDocker(inst, e, s)
	case probe.K3s:
		return a.writeK3s(e, s)
	}
	return nil
}

// writeDocker leaves the user's Docker what concerns it: DockerSettings reads it as that starts.
func (a *Agent) writeDocker(inst Instance, e report.Environment, s *stirred) error {
	settings := environment.ForDocker(e)
	content, err := strictjson.Encode(settings)
	if err != nil {
		return err
	}
	before, err := readDockerTold(a.path(dockerTold))
	if err != nil {
		return err
	}
	_, group, err := userIDs(inst.User)
	if err != nil {
		return err
	}
	_, err = a.lay(dockerTold, content, 0o640, group)
	s.mirrors = !slices.Equal(settings.Mirrors, before.Mirrors)
	// All but mirrors dockerd reads as it starts and never again.
	s.docker = s.docker || !settings.SameButMirrors(before)
	return err
}

func (a *Agent) writeK3s(e report.Environment, s *stirred) error {
	file, err := a.content(registriesFile)
	if err != nil {
		return err
	}
	registries, err := environment.Registries(file, e)
	if err != nil {
		return err
	}
	mirrors, err := a.lay(registriesFile, registries, 0o600, 0)
	if err != nil {
		return err
	}
	variables, err := environment.EncodeVariables(environment.K3sVariables(e))
	if err != nil {
		return err
	}
	proxy, err := a.lay(k3sVariables, variables, 0o600, 0)
	s.k3s = s.k3s || mirrors || proxy
	return err
}

// content reads a file that need not be there.
func (a *Agent) content(path string) ([]byte, error) {
	if !a.exists(path) {
		return nil, nil
	}
	return a.seeded(path)
}

// lay makes a file what it shall be, and tells whether it was something else. Without content there shall be no file.
func (a *Agent) lay(path string, content []byte, mode os.FileMode, group int) (changed bool, err error) {
	there, err := os.ReadFile(a.path(path))
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(content) == 0:
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	case err == nil && len(content) == 0:
		return true, os.Remove(a.path(path))
	case err == nil && bytes.Equal(there, content):
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(a.path(path)), 0o755); err != nil {
		return false, err
	}
	if group == 0 {
		return true, atomicfile.WriteBytes(a.path(path), mode, content)
	}
	// Root's alone until it has its group.
	if err := atomicfile.WriteBytes(a.path(path), 0o600, content); err != nil {
		return true, err
	}
	return true, errors.Join(os.Chown(a.path(path), -1, group), os.Chmod(a.path(path), mode))
}
