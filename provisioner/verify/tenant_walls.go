package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"holm/provisioner/machine"
	"holm/provisioner/uids"
)

// tenantWalls: a QEMU that was taken over can do on the host what its user can. It is tried as that user, and as the one with
// the next number, which is as good as any other tenant's.
func tenantWalls() rule {
	return rule{
		id: "tenant-walls", side: Host, source: "holm",
		promise: "another tenant's user cannot open the volume, the seed, the console log, QEMU's sockets or its memory, and its own " +
			"cannot write to the image",
		try: func(_ context.Context, t *trial) found {
			const tried = "open each of them as the tenant's user and as another one"
			if t.Wanted.UID == 0 {
				return failed(tried, "they are libvirt's user's: %s", startedBefore)
			}
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			live, err := machine.ReadLive(t.Live)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			attempts, err := t.attempts(p, live)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			for _, a := range attempts {
				if f := a.judge(t.env.Try, tried); f != nil {
					return *f
				}
			}
			return passed(tried, "uid %d opens its volume; for uid %d %d attempts were refused", t.Wanted.UID,
				stranger(t.Wanted.UID), len(attempts)-1)
		},
	}
}

// stranger is a user like that of another tenant.
func stranger(uid int) int { return uid + 1 }

// wallAttempt is one try at a file.
type wallAttempt struct {
	uid     int
	path    string
	how     uids.Access
	allowed bool
}

// attempts are all that is tried. The first one has to succeed: a kernel that refuses everything proves nothing.
func (t *trial) attempts(p *process, live machine.Live) ([]wallAttempt, error) {
	own, other := t.Wanted.UID, stranger(t.Wanted.UID)
	list := []wallAttempt{
		{own, t.Wanted.StateDisk.Path, uids.Write, true},
		{other, t.Wanted.StateDisk.Path, uids.Read, false},
		{other, t.Wanted.StateDisk.Path, uids.Write, false},
		{other, t.Wanted.ConsoleLog, uids.Read, false},
		{own, t.Wanted.ConsoleLog, uids.Read, false},
		{other, filepath.Join(t.env.Proc, strconv.Itoa(p.PID), "mem"), uids.Read, false},
	}
	for _, file := range []string{t.Wanted.Kernel, t.Wanted.Initrd, t.Wanted.RootDisk} {
		list = append(list, wallAttempt{own, file, uids.Write, false})
	}
	switch _, err := os.Lstat(t.SeedPath); {
	case err == nil:
		list = append(list, wallAttempt{other, t.SeedPath, uids.Read, false})
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	monitor := filepath.Join(t.env.Libvirt, runFolder(live.ID, t.Wanted.Name), "monitor.sock")
	if _, err := os.Lstat(monitor); err != nil {
		return nil, fmt.Errorf("no monitor socket of domain %d is in %s: %w", live.ID, t.env.Libvirt, err)
	}
	for _, socket := range append([]string{monitor}, live.Sockets...) {
		list = append(list, wallAttempt{other, socket, uids.Connect, false})
	}
	return list, nil
}

// runFolder is what libvirt calls the folder of a domain that runs: by its number and the first characters of its name. Numbers begin
// anew with each boot of the host, and a power cut leaves the folders of domains that had them before.
func runFolder(id int, name string) string {
	const most = 20
	return fmt.Sprintf("domain-%d-%.*s", id, most, name)
}

// judge tries, and returns what that comes to when it is not what it has to be.
func (a wallAttempt) judge(try func(uid int, path string, how uids.Access) error, tried string) *found {
	var f found
	switch err := try(a.uid, a.path, a.how); {
	case err == nil && a.allowed, errors.Is(err, unix.EACCES) && !a.allowed:
		return nil
	case errors.Is(err, unix.EROFS) && a.how == uids.Write && !a.allowed:
		return nil // the images may lie on a file system that nobody writes to
	case err == nil:
		f = failed(tried, "uid %d can %s %s", a.uid, a.verb(), a.path)
	case errors.Is(err, fs.ErrNotExist):
		f = inconclusive(tried, "%s is not there", a.path)
	case errors.Is(err, unix.EACCES):
		f = failed(tried, "its own uid %d cannot %s %s", a.uid, a.verb(), a.path)
	default:
		f = inconclusive(tried, "%v", err)
	}
	return &f
}

func (a wallAttempt) verb() string {
	return map[uids.Access]string{uids.Read: "read", uids.Write: "write to", uids.Connect: "connect to"}[a.how]
}
