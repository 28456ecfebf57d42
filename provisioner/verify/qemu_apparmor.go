package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"holm/provisioner/emulator"
)

// qemuAppArmor: the profile is what keeps the QEMU of one instance from the disks of another, of the same tenant: those have one user.
func qemuAppArmor() rule {
	return rule{
		id: "qemu-apparmor", side: Host, source: "holm", promise: "QEMU is confined by an AppArmor profile of its own instance, enforced",
		try: func(_ context.Context, t *trial) found {
			const tried = "AppArmor label of every thread of QEMU"
			enabled, err := emulator.ReadFile(func() (fs.File, error) {
				return os.Open(filepath.Join(t.env.Sys, "module/apparmor/parameters/enabled"))
			})
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return notApplicable(tried, "the host's kernel has no AppArmor")
			case err != nil:
				return inconclusive(tried, "%v", err)
			case strings.TrimSpace(string(enabled)) != "Y":
				return failed(tried, "the host's kernel has AppArmor, and it is switched off")
			}
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			want := "libvirt-" + t.Wanted.UUID + " (enforce)"
			if bad := p.everyThread(func(th thread) string {
				if th.label == want {
					return ""
				}
				return fmt.Sprintf("%.80q instead of %q", th.label, want)
			}); bad != "" {
				return failed(tried, "%s", bad)
			}
			return passed(tried, "%s in %s", want, p.count())
		},
	}
}
