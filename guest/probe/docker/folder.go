package docker

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"holm/guest/probe/procfs"
)

// The folder of the guest's that the containers get, and what lies in it.
const (
	guestDir    = "/guest"
	secret      = "secret" // 0600
	dockerOpen  = "open"   // 0644
	dockerDials = "dials"  // a pipe by which the confined container is told what to connect to
)

// dockerFolder is a folder of the guest's root's that a container gets.
type dockerFolder struct{ path string }

// guestFolder makes it anew: a file that all may read, one that is root's
// alone, and a pipe. Only root writes to
// /var/lib, so a name that does not change cannot be taken by another.
func guestFolder() (dockerFolder, error) {
	f := dockerFolder{path: "/var/lib/holm-probe"}
	err := errors.Join(
		f.remove(),
		os.Mkdir(f.path, 0o755),
		os.WriteFile(filepath.Join(f.path, dockerOpen), []byte("open\n"), 0o644),
		os.WriteFile(filepath.Join(f.path, secret), []byte("secret\n"), 0o600),
		unix.Mkfifo(filepath.Join(f.path, dockerDials), 0o644),
	)
	return f, err
}

func (f dockerFolder) remove() error { return os.RemoveAll(f.path) }

// openDials opens the pipe for writing. What is written stays there until a container reads it.
func (f dockerFolder) openDials() (*os.File, error) {
	return os.OpenFile(filepath.Join(f.path, dockerDials), os.O_RDWR, 0)
}

// readDials waits, inside a container, for what it is to connect to.
func readDials() (map[string]string, error) {
	pipe, err := os.Open(filepath.Join(guestDir, dockerDials))
	if err != nil {
		return nil, err
	}
	defer func() { _ = pipe.Close() }()
	var dials map[string]string
	return dials, json.NewDecoder(io.LimitReader(pipe, procfs.MostBytes)).Decode(&dials)
}
