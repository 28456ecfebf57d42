package rootfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// sessions are the lists of what PAM does when somebody logs in, at a terminal and without one.
var sessions = []string{"etc/pam.d/common-session", "etc/pam.d/common-session-noninteractive"}

// KeepUmask has pam_umask set the umask of login.defs as it is there. For a user with a group of the same name it would
// loosen it, and sshd trusts no list of keys that a group may write. USERGROUPS_ENAB, which does that, stays: useradd
// goes by it, too.
func KeepUmask(root *os.Root) error {
	for _, name := range sessions {
		content, err := root.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		module := []byte("pam_umask.so")
		if bytes.Count(content, module) != 1 {
			return fmt.Errorf("/%s does not name %s once", name, module)
		}
		if err := root.WriteFile(name, bytes.Replace(content, module, []byte("pam_umask.so nousergroups"), 1), 0o644); err != nil {
			return err
		}
	}
	return nil
}
