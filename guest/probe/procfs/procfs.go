// Package procfs reads what the kernel says of processes and their sockets.
package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// MostBytes is how much of one file of /proc is read, in bytes.
const MostBytes = 1 << 20

// Status is the part of /proc/PID/status that the checks need. Capabilities are sets of bits.
type Status struct {
	Name       string `json:"name"`
	EUID       int    `json:"euid"`
	CapPrm     uint64 `json:"cap_prm"`
	CapEff     uint64 `json:"cap_eff"`
	CapBnd     uint64 `json:"cap_bnd"`
	CapAmb     uint64 `json:"cap_amb"`
	NoNewPrivs int    `json:"no_new_privs"`
	Seccomp    int    `json:"seccomp"` // 2 is a filter
}

// ReadStatus reads one from a file.
func ReadStatus(path string) (Status, error) {
	content, err := Read(path)
	if err != nil {
		return Status{}, err
	}
	return ParseStatus(content)
}

// ParseStatus reads "Key:\tvalue" lines. A status that lacks one of the fields is an error: a zero must be read.
func ParseStatus(content []byte) (Status, error) {
	var s Status
	var errs []error
	bits := func(into *uint64) func(string) error {
		return func(value string) (err error) {
			*into, err = strconv.ParseUint(value, 16, 64)
			return err
		}
	}
	number := func(into *int) func(string) error {
		return func(value string) (err error) {
			*into, err = strconv.Atoi(value)
			return err
		}
	}
	want := map[string]func(string) error{
		"Name": func(value string) error { s.Name = value; return nil },
		"Uid": func(value string) error {
			ids := strings.Fields(value)
			if len(ids) != 4 {
				return fmt.Errorf("%d user ids", len(ids))
			}
			return number(&s.EUID)(ids[1])
		},
		"CapPrm": bits(&s.CapPrm), "CapEff": bits(&s.CapEff), "CapBnd": bits(&s.CapBnd), "CapAmb": bits(&s.CapAmb),
		"NoNewPrivs": number(&s.NoNewPrivs), "Seccomp": number(&s.Seccomp),
	}
	for line := range bytes.Lines(content) {
		key, value, _ := strings.Cut(string(line), ":")
		if read, ok := want[key]; ok {
			delete(want, key)
			errs = append(errs, read(strings.TrimSpace(value)))
		}
	}
	if len(want) > 0 {
		errs = append(errs, fmt.Errorf("a status without %d of its fields", len(want)))
	}
	return s, errors.Join(errs...)
}

// Read reads a file of /proc, or of /sys.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, MostBytes))
}

// Path is the folder of a process, or a file in it.
func Path(pid int, file ...string) string {
	return filepath.Join(append([]string{"/proc", strconv.Itoa(pid)}, file...)...)
}

// Processes lists the processes of the guest.
func Processes() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// UserNS names the user namespace of a process: "user:[4026531837]".
func UserNS(pid int) (string, error) { return os.Readlink(Path(pid, "ns", "user")) }
