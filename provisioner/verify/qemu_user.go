package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// qemuUser: a guest that breaks out of QEMU is this user on the host.
func qemuUser() rule {
	return rule{
		id: "qemu-user", side: Host, source: "holm", promise: "QEMU runs as a user of its own, never as root",
		try: func(_ context.Context, t *trial) found {
			const tried = "uid and gid of every thread of QEMU"
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if bad := p.everyThread(rootless); bad != "" {
				return failed(tried, "%s", bad)
			}
			s := p.threads[0].status
			return passed(tried, "uid %s, gid %s in %s", word(s["Uid"]), word(s["Gid"]), p.count())
		},
	}
}

// rootless holds all four of a thread's users and groups (real, effective, saved, of the file system), and its
// supplementary groups, to be others than root's.
func rootless(t thread) string {
	for _, field := range []string{"Uid", "Gid", "Groups"} {
		numbers := strings.Fields(t.status[field])
		if field != "Groups" && len(numbers) != 4 {
			return fmt.Sprintf("its %s is %.40q", strings.ToLower(field), t.status[field])
		}
		if slices.Contains(numbers, "0") {
			return fmt.Sprintf("%s %.80s", strings.ToLower(field), t.status[field])
		}
	}
	return ""
}

// word is the first one of a text.
func word(text string) string {
	first, _, _ := strings.Cut(text, " ")
	return first
}
