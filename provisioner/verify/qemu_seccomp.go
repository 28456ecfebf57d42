package verify

import (
	"context"
	"fmt"
)

// qemuSeccomp: QEMU's own sandbox refuses it to start programs and to raise its privileges. It is asked for by libvirt
// and can be switched off in libvirt's configuration.
func qemuSeccomp() rule {
	return rule{
		id: "qemu-seccomp", side: Host, source: "holm", promise: "every thread of QEMU is under a seccomp filter and gains no privileges",
		try: func(_ context.Context, t *trial) found {
			const tried = "seccomp mode and no_new_privs of every thread of QEMU"
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if bad := p.everyThread(filtered); bad != "" {
				return failed(tried, "%s", bad)
			}
			return passed(tried, "seccomp 2, no_new_privs 1 in %s", p.count())
		},
	}
}

// filtered: 2 is SECCOMP_MODE_FILTER.
func filtered(t thread) string {
	if t.status["Seccomp"] == "2" && t.status["NoNewPrivs"] == "1" {
		return ""
	}
	return fmt.Sprintf("seccomp %.10q, no_new_privs %.10q", t.status["Seccomp"], t.status["NoNewPrivs"])
}
