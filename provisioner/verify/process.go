package verify

import (
	"bytes"
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

	"holm/provisioner/machine"
)

// The most that is read of one file of a process, and the most threads that a QEMU may have.
const (
	maxFile    = 1 << 20
	maxThreads = 4096
)

var pidForm = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// process is QEMU as the kernel sees it. It holds the process's directory open, so that no other process can take its
// place under the same number.
type process struct {
	pid     string
	dir     *os.Root
	threads []thread
}

// thread is what the kernel enforces on one thread: the fields of its status, by name.
type thread struct {
	name   string
	status map[string]string
	cgroup string
	label  string // of AppArmor; "" where there is none
}

// findProcess finds the QEMU of an instance by libvirt's pid file, and believes it only when the process was started for
// the domain's UUID and runs libvirt's emulator: the file may be stale and its number somebody else's by now.
func findProcess(e Env, s Subject) (*process, error) {
	content, err := readFile(func() (fs.File, error) { return os.Open(filepath.Join(e.PIDs, s.Wanted.Name+".pid")) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("libvirt names no process for %s", s.Wanted.Name)
	}
	if err != nil {
		return nil, err
	}
	pid := strings.TrimSpace(string(content))
	if !pidForm.MatchString(pid) {
		return nil, fmt.Errorf("libvirt names the process %.20q", pid)
	}
	dir, err := os.OpenRoot(filepath.Join(e.Proc, pid))
	if err != nil {
		return nil, fmt.Errorf("process %s is gone", pid)
	}
	p := &process{pid: pid, dir: dir}
	if err := errors.Join(p.isQEMU(s), p.readThreads()); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *process) close() { _ = p.dir.Close() }

func (p *process) isQEMU(s Subject) error {
	line, err := p.read("cmdline")
	if err != nil {
		return err
	}
	args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	if at := slices.Index(args, "-uuid"); at < 0 || at+1 >= len(args) || args[at+1] != s.Wanted.UUID {
		return fmt.Errorf("process %s was not started for domain %s", p.pid, s.Wanted.UUID)
	}
	exe, err := p.dir.Readlink("exe")
	if err != nil {
		return fmt.Errorf("process %s does not say what it runs: %w", p.pid, err)
	}
	live, err := machine.ReadLive(s.Live)
	if err != nil {
		return err
	}
	// An update of the host's QEMU leaves the old file running.
	if strings.TrimSuffix(exe, " (deleted)") != live.Emulator {
		return fmt.Errorf("process %s runs %.80q, not %.80q", p.pid, exe, live.Emulator)
	}
	return nil
}

func (p *process) readThreads() error {
	tasks, err := p.dir.Open("task")
	if err != nil {
		return err
	}
	names, err := tasks.Readdirnames(maxThreads)
	if errors.Is(err, io.EOF) {
		err = nil // none
	}
	if err := errors.Join(err, tasks.Close()); err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		t, err := p.readThread(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errGone) {
			continue // workers come and go
		}
		if err != nil {
			return err
		}
		p.threads = append(p.threads, t)
	}
	if len(p.threads) == 0 {
		return fmt.Errorf("process %s has no threads any more", p.pid)
	}
	return nil
}

func (p *process) readThread(id string) (thread, error) {
	t := thread{name: id}
	status, err := p.read("task/" + id + "/status")
	if err != nil {
		return t, err
	}
	t.status = fields(string(status))
	if name := t.status["Name"]; name != "" {
		t.name = id + " " + name
	}
	cgroup, err := p.read("task/" + id + "/cgroup")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	t.cgroup = string(cgroup)
	// Kernels with several security modules have a file of AppArmor's own.
	for _, file := range []string{"/attr/apparmor/current", "/attr/current"} {
		if label, err := p.read("task/" + id + file); err == nil {
			t.label = string(bytes.TrimRight(label, "\n\x00"))
			break
		}
	}
	return t, nil
}

// fields are the lines "Name:\tvalue" of a status.
func fields(text string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		all[name] = strings.Join(strings.Fields(value), " ")
	}
	return all
}

func (p *process) read(name string) ([]byte, error) {
	return readFile(func() (fs.File, error) { return p.dir.Open(name) })
}

// errGone is what a file of a process that has ended says.
var errGone = errors.New("it is gone")

func readFile(open func() (fs.File, error)) ([]byte, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err := errors.Join(err, f.Close()); err != nil {
		if isGone(err) {
			return nil, errGone
		}
		return nil, err
	}
	return content, nil
}

// everyThread looks at all threads, because most of what confines a process confines each of its threads by itself. It
// returns the first complaint with the thread it is about.
func (p *process) everyThread(complaint func(thread) string) string {
	for _, t := range p.threads {
		if text := complaint(t); text != "" {
			return "thread " + t.name + ": " + text
		}
	}
	return ""
}

func (p *process) count() string { return strconv.Itoa(len(p.threads)) + " threads" }
