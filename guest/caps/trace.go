package caps

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The kernel calls cap_capable for each capability that is asked for. A probe on its return, with a histogram behind it,
// counts inside the kernel, so that nothing has to be read while it happens.
const (
	probeName = "holm_cap_granted"
	probeLine = "r:holm/" + probeName + " cap_capable cap=$arg3 opts=$arg4 ret=$retval\n"
	counter   = "hist:keys=common_pid.execname,cap,opts:size=8192 if ret==0\n"
)

// trace is tracefs, mounted for this one look, with a set of events of its own.
type trace struct{ dir string }

func startTrace() (*trace, error) {
	dir, err := os.MkdirTemp("/run", "holm-caps-")
	if err != nil {
		return nil, err
	}
	t := &trace{dir: dir}
	if err := unix.Mount("tracefs", dir, "tracefs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return nil, errors.Join(fmt.Errorf("mount the kernel's tracing: %w", err), os.Remove(dir))
	}
	if err := t.sweep(); err != nil {
		return nil, t.stopped(err)
	}
	for _, step := range []func() error{
		func() error { return t.write("kprobe_events", probeLine) },
		func() error { return os.Mkdir(t.path("instances/holm"), 0o700) },
		func() error { return t.write("instances/holm/events/holm/"+probeName+"/trigger", counter) },
	} {
		if err := step(); err != nil {
			return nil, t.stopped(fmt.Errorf("have the kernel count capabilities: %w", err))
		}
	}
	return t, nil
}

func (t *trace) path(name string) string { return filepath.Join(t.dir, name) }

// write appends a line to a file of the kernel's; opening such a file with O_TRUNC would clear what others set.
func (t *trace) write(name, line string) error {
	f, err := os.OpenFile(t.path(name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// read returns what was counted.
func (t *trace) read() ([]use, error) {
	f, err := os.Open(t.path("instances/holm/events/holm/" + probeName + "/hist"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return parseHist(io.LimitReader(f, 16<<20))
}

// sweep removes the probe, and the one that an agent which died left behind.
func (t *trace) sweep() error {
	if err := os.Remove(t.path("instances/holm")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(t.path("events/holm/" + probeName)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return t.write("kprobe_events", "-:holm/"+probeName+"\n")
}

// stopped ends the counting and returns cause, with what went wrong in ending it.
func (t *trace) stopped(cause error) error {
	return errors.Join(cause, t.sweep(), unix.Unmount(t.dir, 0), os.Remove(t.dir))
}
