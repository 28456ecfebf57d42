package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"holm/guest/probe"
	"holm/guest/probe/procfs"
)

// The names of the attempts inside a container; the checks look them up in what the container tells.
const (
	tryChown     = "chown"
	tryRaw       = "raw socket"
	tryMknod     = "mknod"
	tryKeyctl    = "keyctl"
	tryAddKey    = "add_key"
	tryUnshare   = "unshare a user namespace"
	tryPerf      = "perf_event_open"
	tryNeighbour = "the neighbour"
	tryOwn       = "its own listener"
	tryOutside   = "the guest's address"
)

// dialTime is how long a container waits for a connection.
const dialTime = time.Second

// dockerAsked is what a container is told to try, as the argument of "holm-agent attempt docker-inside".
type dockerAsked struct {
	Nonce string `json:"nonce"`

	// Only for the privileged container.
	Listen int    `json:"listen,omitempty"` // a port for the neighbour to reach
	Device string `json:"device,omitempty"` // the state volume, "/dev/vdb"
	Major  uint32 `json:"major,omitempty"`
	Minor  uint32 `json:"minor,omitempty"`
}

// dockerTold is what a container tells: one line of JSON, hostile like all that comes out of one.
type dockerTold struct {
	Nonce  string        `json:"nonce"`
	UID    int           `json:"uid"`
	Status procfs.Status `json:"status"`
	Tries  dockerTries   `json:"tries"`
	Setuid *setuidTold   `json:"setuid,omitempty"` // only from the confined container
}

// setuidTold is what came of the setuid program.
type setuidTold struct {
	Set    bool   `json:"set"`    // it is root's and has the bit
	NoSUID bool   `json:"nosuid"` // it lies where the bit means nothing
	EUID   int    `json:"euid"`   // as the program found it, -1 when it did not run
	Error  string `json:"error,omitempty"`
}

// Attempts are the parts of the checks that run inside containers.
func Attempts() map[string]probe.Attempt {
	return map[string]probe.Attempt{
		"docker-inside":     dockerInside,
		"docker-privileged": inPrivileged,
		"docker-euid": func(_ context.Context, _ []string, out io.Writer) error {
			_, err := fmt.Fprintln(out, os.Geteuid())
			return err
		},
	}
}

// dockerInside is the confined container: it tries all there is, tells it in one line, and stays until it is removed, so
// that it can be looked at from outside.
func dockerInside(ctx context.Context, args []string, out io.Writer) error {
	asked, err := readAsked(args)
	if err != nil {
		return err
	}
	status, err := procfs.ReadStatus("/proc/self/status")
	if err != nil {
		return err
	}
	told := dockerTold{Nonce: asked.Nonce, UID: os.Getuid(), Status: status, Tries: dockerTries{}}
	told.Tries.do(tryChown, chown)
	told.Tries.do(tryRaw, rawSocket)
	told.Tries.do(tryMknod, func() error { return mknod("/tmp/null", unix.S_IFCHR, 1, 3) })
	tryDenied(told.Tries)
	told.Setuid = trySetuid(ctx)
	dials, err := readDials() // attempt → "tcp ADDRESS:PORT" or "unix PATH"
	if err != nil {
		return err
	}
	tryDials(ctx, told.Tries, dials)
	return tellAndStay(ctx, told, out)
}

func readAsked(args []string) (dockerAsked, error) {
	if len(args) != 1 {
		return dockerAsked{}, errors.New("one argument, what to try, as JSON")
	}
	var asked dockerAsked
	return asked, json.Unmarshal([]byte(args[0]), &asked)
}

func tellAndStay(ctx context.Context, told dockerTold, out io.Writer) error {
	if err := json.NewEncoder(out).Encode(told); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// chown gives a file of one's own away, which takes CAP_CHOWN.
func chown() error {
	f, err := os.CreateTemp("/tmp", "chown-")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Chown(os.Getuid()+1, -1)
}

// mknod makes a device file.
func mknod(path string, kind, major, minor uint32) error {
	return unix.Mknod(path, kind|0o600, int(unix.Mkdev(major, minor))) //nolint:gosec // a device number fits
}

// rawSocket takes CAP_NET_RAW.
func rawSocket() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// tryDenied makes calls that Docker's default filter answers with EPERM and that the kernel, which is asked for
// nonsense, answers otherwise whoever asks: without the filter they fail too, but not alike.
func tryDenied(tries dockerTries) {
	call := func(number, first uintptr) func() error {
		return func() error {
			if _, _, errno := unix.Syscall6(number, first, 0, 0, 0, 0, 0); errno != 0 {
				return errno
			}
			return nil
		}
	}
	tries.do(tryKeyctl, call(unix.SYS_KEYCTL, 0xffff))               // no such operation: EOPNOTSUPP
	tries.do(tryAddKey, call(unix.SYS_ADD_KEY, 0))                   // no type: EFAULT
	tries.do(tryUnshare, call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER)) // not with threads: EINVAL
	tries.do(tryPerf, call(unix.SYS_PERF_EVENT_OPEN, 0))             // no attributes: EFAULT, or EACCES
}

// tryDials connects to everything at the same time.
func tryDials(ctx context.Context, tries dockerTries, dials map[string]string) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for name, where := range dials {
		all.Go(func() {
			err := dial(ctx, where)
			mu.Lock()
			defer mu.Unlock()
			tries.do(name, func() error { return err })
		})
	}
	err := dialOwn(ctx)
	all.Wait()
	tries.do(tryOwn, func() error { return err })
}

// dial connects to "tcp ADDRESS:PORT" or "unix PATH" and hangs up.
func dial(ctx context.Context, where string) error {
	network, address, _ := strings.Cut(where, " ")
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// dialOwn is the control of the dials: a listener of the container's own is reached.
func dialOwn(ctx context.Context) error {
	own, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
	return dial(ctx, "tcp "+own.Addr().String())
}

// trySetuid runs the setuid copy of this program that is in the image.
func trySetuid(ctx context.Context) *setuidTold {
	told := &setuidTold{EUID: -1}
	var file unix.Stat_t
	var where unix.Statfs_t
	if err := errors.Join(unix.Stat(setuid, &file), unix.Statfs(setuid, &where)); err != nil {
		told.Error = err.Error()
		return told
	}
	told.Set = file.Uid == 0 && file.Mode&unix.S_ISUID != 0
	told.NoSUID = where.Flags&unix.ST_NOSUID != 0
	out, err := exec.CommandContext(ctx, setuid, "attempt", "docker-euid").Output()
	if err != nil {
		told.Error = err.Error()
		return told
	}
	if told.EUID, err = strconv.Atoi(strings.TrimSpace(string(out))); err != nil {
		told.EUID, told.Error = -1, err.Error()
	}
	return told
}
