// Package steps writes down how long the parts of a boot take, for hack/boot-profile. Nothing depends on what it writes.
package steps

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// File holds a line a step, "NAME BEGIN END", in seconds since the kernel started.
const File = "/run/holm-steps"

// Steps are those of one program; the zero value writes nothing.
type Steps struct {
	mu   sync.Mutex
	Path string // of the file
}

// Time does something and notes when.
func (s *Steps) Time(name string, do func() error) error {
	begin := now()
	err := do()
	s.note(name, begin, now())
	return err
}

// note appends a line. That it could not be written matters to nobody whose instance comes up.
func (s *Steps) note(name string, begin, end float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Path == "" {
		return
	}
	f, err := os.OpenFile(s.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(f, "%s %.3f %.3f\n", name, begin, end)
	_ = f.Close()
}

// now is the kernel's monotonic clock, in seconds: that of systemd's time stamps.
func now() float64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0
	}
	return float64(t.Nano()) / 1e9
}
