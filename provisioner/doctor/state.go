package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// stateMode is the mode of the state directory: QEMU's user may pass through to its own files and list nothing.
const stateMode fs.FileMode = 0o711

// checkState looks at who may do what in the state directory, and whether QEMU's user gets through to it.
func checkState(_ context.Context, e *env) Result {
	info, err := os.Lstat(e.path(e.StateDir))
	there := err == nil
	if there {
		if res, bad := e.judgeState(info); bad {
			return res
		}
	}
	if dir, blocked := e.blockedFor(e.qemuUser(), there); blocked {
		return fail("chmod o+x "+dir, "QEMU's user cannot pass through %s", dir)
	}
	if !there {
		return ok("%s will be made by the first command that needs it", e.StateDir)
	}
	return ok("%s is closed to others, and QEMU's user gets through", e.StateDir)
}

func (e *env) judgeState(info fs.FileInfo) (Result, bool) {
	dir, mode := e.StateDir, info.Mode().Perm()
	owner := ownerOf(info)
	switch me := e.Probes.Euid(); {
	case !info.IsDir():
		return fail("mv "+dir+" "+dir+".old", "%s is no directory", dir), true
	case owner != me && me != 0:
		return fail("sudo holm doctor   # or keep your own: HOLM_STATE=~/.local/share/holm",
			"%s belongs to user %d", dir, owner), true
	case owner != me:
		return fail("chown root: "+dir, "%s belongs to user %d, who could change every record", dir, owner), true
	case mode&0o022 != 0:
		return fail(chmodState(dir), "%s can be changed by others (mode %04o)", dir, mode), true
	case mode&0o044 != 0:
		return warn(chmodState(dir), "%s can be listed by others (mode %04o)", dir, mode), true
	}
	return Result{}, false
}

func chmodState(dir string) string { return fmt.Sprintf("chmod %04o %s", stateMode, dir) }

func fixState(e *env) error {
	info, err := os.Lstat(e.path(e.StateDir))
	if err != nil || !info.IsDir() {
		return fmt.Errorf("cannot close %s to others: it is no directory that is there", e.StateDir)
	}
	if err := os.Chmod(e.path(e.StateDir), stateMode); err != nil {
		return fmt.Errorf("cannot close %s to others: %s", e.StateDir, cause(err))
	}
	return nil
}

// account is a user as the file system sees it.
type account struct{ uid int }

// qemuUser is whom QEMU runs as: for a session the caller, else a tenant's user, who has only what everybody has.
func (e *env) qemuUser() account {
	if e.session() {
		return account{uid: e.Probes.Euid()}
	}
	return account{uid: -1}
}

// blockedFor returns the first directory on the way to the state directory that the account cannot pass through. The
// state directory itself counts when it is there. POSIX ACLs are not looked at: a way opened by one is reported as
// closed, which is the safe side.
func (e *env) blockedFor(a account, self bool) (string, bool) {
	var dirs []string
	for dir := e.StateDir; ; dir = filepath.Dir(dir) {
		if dir != e.StateDir || self {
			dirs = append(dirs, dir)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, dir := range slices.Backward(dirs) {
		info, err := os.Stat(e.path(dir))
		if err == nil && !a.passes(info) {
			return dir, true
		}
	}
	return "", false
}

func (a account) passes(info fs.FileInfo) bool {
	owner := ownerOf(info)
	mode := info.Mode().Perm()
	switch a.uid {
	case 0:
		return true
	case owner:
		return mode&0o100 != 0
	default:
		return mode&0o001 != 0
	}
}

func ownerOf(info fs.FileInfo) int {
	st, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return -1
	}
	return int(st.Uid)
}
