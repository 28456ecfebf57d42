package probe

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

// dockerMaxProc is how much of one file of /proc is read, in bytes.
const dockerMaxProc = 1 << 20

// dockerStatus is the part of /proc/PID/status that the checks need. Capabilities are sets of bits.
type dockerStatus struct {
	Name       string `json:"name"`
	EUID       int    `json:"euid"`
	CapPrm     uint64 `json:"cap_prm"`
	CapEff     uint64 `json:"cap_eff"`
	CapBnd     uint64 `json:"cap_bnd"`
	CapAmb     uint64 `json:"cap_amb"`
	NoNewPrivs int    `json:"no_new_privs"`
	Seccomp    int    `json:"seccomp"` // 2 is a filter
}

func dockerReadStatus(path string) (dockerStatus, error) {
	content, err := dockerReadProc(path)
	if err != nil {
		return dockerStatus{}, err
	}
	return parseDockerStatus(content)
}

// parseDockerStatus reads "Key:\tvalue" lines. A status that lacks one of the fields is an error: a zero must be read.
func parseDockerStatus(content []byte) (dockerStatus, error) {
	var s dockerStatus
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

// dockerReadProc reads a file of /proc, or of /sys.
func dockerReadProc(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, dockerMaxProc))
}

// dockerProc is the folder of a process, or a file in it.
func dockerProc(pid int, file ...string) string {
	return filepath.Join(append([]string{"/proc", strconv.Itoa(pid)}, file...)...)
}

// dockerPIDs lists the processes of the guest.
func dockerPIDs() ([]int, error) {
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

// dockerUserNS names the user namespace of a process: "user:[4026531837]".
func dockerUserNS(pid int) (string, error) { return os.Readlink(dockerProc(pid, "ns", "user")) }
