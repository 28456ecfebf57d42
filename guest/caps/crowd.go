package caps

import (
	"cmp"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"holm/guest/report"
)

// crowd is everybody who was seen, processes of a container as one.
type crowd struct {
	proc     string
	naming   func(id string) string // the name of a container, or its id
	initNS   string
	subjects map[string]*subject // by container, or by process
	threads  map[int]string      // thread → subject
}

type subject struct {
	report.Consumer
	effective uint64
	used      map[string]bool
}

func newCrowd(proc string, naming func(id string) string) *crowd {
	c := &crowd{proc: proc, naming: naming, subjects: map[string]*subject{}, threads: map[int]string{}}
	c.initNS, _ = os.Readlink(filepath.Join(proc, "1/ns/user"))
	return c
}

// look takes in who is there now. A process that goes away meanwhile is not there.
func (c *crowd) look() {
	entries, err := os.ReadDir(c.proc)
	if err != nil {
		return
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			c.take(pid)
		}
	}
}

func (c *crowd) take(pid int) {
	dir := filepath.Join(c.proc, strconv.Itoa(pid))
	status := readStatus(filepath.Join(dir, "status"))
	if status == nil || status["Kthread"] == "1" {
		return
	}
	ns, err := os.Readlink(filepath.Join(dir, "ns/user"))
	if err != nil {
		return
	}
	effective, err := strconv.ParseUint(status["CapEff"], 16, 64)
	if err != nil {
		return
	}
	cgroup, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
	kind, id := unitOf(string(cgroup))
	key, name := strconv.Itoa(pid), status["Name"]
	switch kind {
	case container:
		key, name = id, c.naming(id)
	case pod:
		key, name = id, id
	}
	s := c.subjects[key]
	if s == nil {
		uid, _, _ := strings.Cut(status["Uid"], "\t")
		s = &subject{used: map[string]bool{}, Consumer: report.Consumer{Kind: kind, Name: name, User: userName(uid), UserNS: ns != c.initNS}}
		c.subjects[key] = s
	}
	s.effective |= effective
	if !slices.Contains(s.PIDs, pid) {
		s.PIDs = append(s.PIDs, pid)
	}
	threads, err := os.ReadDir(filepath.Join(dir, "task"))
	if err != nil {
		return
	}
	for _, t := range threads {
		if thread, err := strconv.Atoi(t.Name()); err == nil {
			c.threads[thread] = key
		}
	}
}

// report brings together who was seen and what was counted. Who came and went between two looks is known by name alone.
func (c *crowd) report(uses []use, seconds float64) *report.Capabilities {
	for _, u := range uses {
		key, known := c.threads[u.thread]
		if !known {
			key = "gone " + u.name
			if c.subjects[key] == nil {
				c.subjects[key] = &subject{used: map[string]bool{}, Consumer: report.Consumer{Kind: process, Name: u.name + " (ended)"}}
			}
		}
		c.subjects[key].used[names[u.cap]] = true
	}
	all := []report.Consumer{}
	for _, s := range c.subjects {
		if s.effective == 0 && len(s.used) == 0 && s.Kind == process {
			continue // holds nothing, needs nothing
		}
		s.Effective, s.Used = ofMask(s.effective), sorted(s.used)
		slices.Sort(s.Effective)
		slices.Sort(s.PIDs)
		all = append(all, s.Consumer)
	}
	slices.SortFunc(all, order)
	kept, dropped := shorten(all)
	return &report.Capabilities{Watched: seconds, Subject: kept, Dropped: dropped}
}

// userName is the guest's name for a user, or its number.
func userName(uid string) string {
	u, err := user.LookupId(uid)
	if err != nil {
		return uid
	}
	return cmp.Or(u.Username, uid)
}

// readStatus reads the "Key:\tvalue" lines of a process; nil when it is gone.
func readStatus(path string) map[string]string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(content)) {
		key, value, _ := strings.Cut(line, ":")
		fields[key] = strings.TrimSpace(value)
	}
	return fields
}
