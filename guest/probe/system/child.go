package system

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

const (
	nobody    = 65534            // uid and gid of nobody and nogroup
	childTime = 10 * time.Second // for one process; it takes a tenth of a second
	maxAnswer = 64 << 10         // bytes
)

// as is how a process of another user is started: without any group but the user's own.
func as(uid, gid uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
}

// systemUser finds the instance's user.
func systemUser(name string) (uid, gid uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	id, err1 := strconv.ParseUint(u.Uid, 10, 32)
	group, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(id), uint32(group), errors.Join(err1, err2)
}

// systemAttempt runs one attempt of the agent's own program in another process and reads its answer.
func systemAttempt(ctx context.Context, self string, attr *syscall.SysProcAttr, answer any, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, childTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, append([]string{"attempt", name}, args...)...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = []string{}, "/", attr
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		line, _, _ := bytes.Cut(bytes.TrimSpace(complaint.Bytes()), []byte("\n"))
		return fmt.Errorf("attempt %s: %w: %s", name, err, line)
	}
	if err := json.NewDecoder(io.LimitReader(&out, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("attempt %s: read its answer: %w", name, err)
	}
	return nil
}

// idleProcess is a copy of cat(1) that waits for input which never comes. It is a small program that every system has:
// one of the agent's own would take several times as long to start.
type idleProcess struct {
	cmd  *exec.Cmd
	hold io.Closer
}

const idleProgram = "/usr/bin/cat"

// startIdle starts a copy of idleProgram. When it returns, the kernel has accepted and begun the program.
func startIdle(ctx context.Context, program, dir string, attr *syscall.SysProcAttr) (*idleProcess, error) {
	cmd := exec.CommandContext(ctx, program)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = []string{}, dir, attr
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &idleProcess{cmd: cmd, hold: hold}, nil
}

func (p *idleProcess) pid() int { return p.cmd.Process.Pid }

// kill ends the process without waiting for it to have started up.
func (p *idleProcess) kill() {
	_ = p.cmd.Process.Kill()
	p.wait()
}

// wait waits for the process's end and says how it ended.
func (p *idleProcess) wait() syscall.WaitStatus {
	_ = p.hold.Close()
	_ = p.cmd.Wait()
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return status
}

// systemPlace is where attempts that need the state volume make their folders.
const systemPlace = "/var/lib"

// systemDir makes a folder of root's in base that everybody may enter, with a name that nobody can foresee. What is in it
// is removed with it.
func systemDir(base string) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(base, ".holm-probe-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	if err := os.Chmod(dir, 0o755); err != nil {
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}

// systemCopy copies a program to a new file with that mode. The mode is set last, by the open file, so that it never
// lands on something else.
func systemCopy(program, to string, mode os.FileMode) (err error) {
	from, err := os.Open(program)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, from); err != nil {
		return err
	}
	return f.Chmod(mode)
}
