// Package emulator finds the process that is a domain's QEMU, for whoever changes it and for whoever looks at it: the one file that
// names it may be stale, and its number somebody else's by now.
package emulator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"holm/provisioner/machine"
)

// Place is where processes are looked up on a host.
type Place struct {
	Proc string // "/proc"
	PIDs string // where libvirt keeps the process ids of its domains: "/run/libvirt/qemu"
}

// Here is the host that this program runs on.
func Here() Place { return Place{Proc: "/proc", PIDs: "/run/libvirt/qemu"} }

// Process is a QEMU. It holds the process's directory open, so that no other process can take its place under the same number.
type Process struct {
	PID int
	Dir *os.Root

	domain, uuid, runs string
}

// maxFile is the most that is read of one file of a process.
const maxFile = 1 << 20

var pidForm = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// Find finds the QEMU of a domain by libvirt's pid file, and believes it only when the process was started for the domain's UUID and
// runs the emulator that libvirt names in the running domain's XML.
func (p Place) Find(domain, uuid, live string) (*Process, error) {
	content, err := ReadFile(func() (fs.File, error) { return os.Open(filepath.Join(p.PIDs, domain+".pid")) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("libvirt names no process for %s", domain)
	}
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(content))
	pid, err := strconv.Atoi(text)
	if err != nil || !pidForm.MatchString(text) {
		return nil, fmt.Errorf("libvirt names the process %.20q", text)
	}
	running, err := machine.ReadLive(live)
	if err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(filepath.Join(p.Proc, text))
	if err != nil {
		return nil, fmt.Errorf("process %s is gone", text)
	}
	found := &Process{PID: pid, Dir: dir, domain: domain, uuid: uuid, runs: running.Emulator}
	if err := found.is(); err != nil {
		found.Close()
		return nil, err
	}
	return found, nil
}

// Close lets go of the process's directory.
func (p *Process) Close() { _ = p.Dir.Close() }

func (p *Process) is() error {
	line, err := p.Read("cmdline")
	if err != nil {
		return err
	}
	args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	if at := slices.Index(args, "-uuid"); p.uuid == "" || at < 0 || at+1 >= len(args) || args[at+1] != p.uuid {
		return fmt.Errorf("process %d was not started for domain %s", p.PID, p.uuid)
	}
	exe, err := p.Dir.Readlink("exe")
	if err != nil {
		return fmt.Errorf("process %d does not say what it runs: %w", p.PID, err)
	}
	// An update of the host's QEMU leaves the old file running.
	if p.runs == "" || strings.TrimSuffix(exe, " (deleted)") != p.runs {
		return fmt.Errorf("process %d runs %.80q, not %.80q", p.PID, exe, p.runs)
	}
	return nil
}

// Do has f act on the process by its number, for which the kernel has no call that takes anything else. A descriptor of the process is
// held meanwhile: it was this one before f, and is afterwards, or that is an error.
func (p *Process) Do(f func(pid int) error) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return fmt.Errorf("process %d: %w", p.PID, err)
	}
	defer func() { _ = unix.Close(fd) }()
	// The directory is the process's that was found: as long as it answers, the descriptor is of the same one.
	if err := p.is(); err != nil {
		return err
	}
	if err := f(p.PID); err != nil {
		return err
	}
	if err := unix.PidfdSendSignal(fd, 0, nil, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("process %d has ended meanwhile: %w", p.PID, err)
	}
	return nil
}

// Read reads a file of the process's directory.
func (p *Process) Read(name string) ([]byte, error) {
	return ReadFile(func() (fs.File, error) { return p.Dir.Open(name) })
}

// ErrGone is what a file of a process that has ended says.
var ErrGone = errors.New("it is gone")

// ReadFile reads a file of the kernel's, or the start of it.
func ReadFile(open func() (fs.File, error)) ([]byte, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err := errors.Join(err, f.Close()); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return nil, ErrGone
		}
		return nil, err
	}
	return content, nil
}
