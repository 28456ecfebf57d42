package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"holm/provisioner/emulator"
)

// maxThreads is the most threads of a QEMU that are looked at.
const maxThreads = 4096

// process is QEMU as the kernel sees it.
type process struct {
	*emulator.Process
	threads []thread
}

// thread is what the kernel enforces on one thread: the fields of its status, by name.
type thread struct {
	name   string
	status map[string]string
	cgroup string
	label  string // of AppArmor; "" where there is none
}

// findProcess finds the QEMU of an instance, and reads its threads.
func findProcess(e Env, s Subject) (*process, error) {
	found, err := emulator.Place{Proc: e.Proc, PIDs: e.PIDs}.Find(s.Wanted.Name, s.Wanted.UUID, s.Live)
	if err != nil {
		return nil, err
	}
	p := &process{Process: found}
	if err := p.readThreads(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *process) readThreads() error {
	tasks, err := p.Dir.Open("task")
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
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, emulator.ErrGone) {
			continue // workers come and go
		}
		if err != nil {
			return err
		}
		p.threads = append(p.threads, t)
	}
	if len(p.threads) == 0 {
		return fmt.Errorf("process %d has no threads any more", p.PID)
	}
	return nil
}

func (p *process) readThread(id string) (thread, error) {
	t := thread{name: id}
	status, err := p.Read("task/" + id + "/status")
	if err != nil {
		return t, err
	}
	t.status = fields(string(status))
	if name := t.status["Name"]; name != "" {
		t.name = id + " " + name
	}
	cgroup, err := p.Read("task/" + id + "/cgroup")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	t.cgroup = string(cgroup)
	// Kernels with several security modules have a file of AppArmor's own.
	for _, file := range []string{"/attr/apparmor/current", "/attr/current"} {
		if label, err := p.Read("task/" + id + file); err == nil {
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
