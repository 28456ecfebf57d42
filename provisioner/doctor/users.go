package doctor

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"strings"

	"holm/provisioner/uids"
)

// checkUsers looks at whether tenants can have users of their own: that nobody else has these numbers, and how they get at
// KVM.
func checkUsers(_ context.Context, e *env) Result {
	if e.session() {
		return e.isolation("--connect qemu:///system", "QEMU runs as whoever calls: tenants share a user")
	}
	r, err := uids.ParseRange(cmp.Or(e.Users, uids.Default))
	if err != nil {
		return fail("holm host set --users "+uids.Default, "%v", err)
	}
	others, err := uids.System{Root: e.Root}.Others()
	if err != nil {
		return fail("correct that line", "%v", err)
	}
	if err := r.Clash(others); err != nil {
		return fail("holm host set --users FIRST-LAST", "%v", err)
	}
	info, err := os.Stat(e.path("/dev/kvm"))
	switch {
	case err != nil:
		return ok("each tenant has one of %s", r)
	case info.Mode().Perm()&0o006 == 0o006:
		return ok("each tenant has one of %s; /dev/kvm is open to all users", r)
	}
	return ok("each tenant has one of %s, and is let at /dev/kvm (%s) by name", r, fs.FileMode(info.Mode().Perm()))
}

// session tells whether libvirt is the caller's own.
func (e *env) session() bool { return strings.HasSuffix(e.Connect, "/session") }
