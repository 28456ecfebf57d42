package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"holm/internal/fault"
)

// nobody is who the servers run as.
var nobody = syscall.Credential{Uid: 65534, Gid: 65534}

// patience is how long a server may take until it answers: a machine that emulates guests beside is slow.
const patience = time.Minute

// server is one of Debian's programs, at work in the world.
type server struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended, once done is closed
}

// serve starts a server as nobody, within bounds, and waits until it answers. What it says goes to NAME.log.
func (w *World) serve(ctx context.Context, name string, answers func(context.Context) error, program string, args ...string) error {
	path, err := find(program)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(w.dir, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644) //nolint:gosec // nobody's
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	bounds := []string{"--nofile=1024", "--as=4294967296", "--fsize=1073741824", "--core=0", "--", path}
	cmd := exec.Command("prlimit", append(bounds, args...)...) //nolint:noctx // it lives as long as the world
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "GOMEMLIMIT=512MiB"}
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, log, log
	if err := w.servers.start(cmd, &nobody); err != nil {
		return fmt.Errorf("start the world's %s: %w", name, err)
	}
	s := &server{cmd: cmd, done: make(chan struct{})}
	w.running = append(w.running, s)
	go func() {
		s.err = cmd.Wait()
		close(s.done)
	}()
	if err := s.wait(ctx, answers); err != nil {
		said, _ := w.Log(name)
		return fmt.Errorf("the world's %s (%s): %w; it said: %.2000s", name, program, err, said)
	}
	return nil
}

// wait returns once the server answers.
func (s *server) wait(ctx context.Context, answers func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("it ended: %w", errors.Join(s.err, err))
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(50 * time.Millisecond): // nobody tells when a program listens
		}
	}
}

// end kills the server and all that it started.
func (s *server) end() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

// folder makes one that belongs to the servers, and returns its path.
func (w *World) folder(name string) (string, error) {
	path := filepath.Join(w.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", err
	}
	return path, os.Chown(path, int(nobody.Uid), int(nobody.Gid))
}

// find looks for a server's program: where Debian installs it, and where hack/deps has unpacked it.
func find(program string) (string, error) {
	for _, root := range []string{"/", filepath.Join(cacheDir, "programs")} {
		for _, dir := range []string{"usr/sbin", "usr/bin"} {
			path := filepath.Join(root, dir, program)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", fault.New(fault.Unfit, "run: hack/deps test", "%s, which the world runs, is not installed", program)
}
