package verify

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// qemuUser: a guest that breaks out of QEMU is this user on the host.
func qemuUser() rule {
	return rule{
		id: "qemu-user", side: Host, source: "holm",
		promise: "QEMU runs as a user and a group of its own tenant, in no other group, never as root",
		try: func(_ context.Context, t *trial) found {
			const tried = "uid, gid and groups of every thread of QEMU"
			p, err := t.process()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if bad := p.everyThread(rootless); bad != "" {
				return failed(tried, "%s", bad)
			}
			s := p.threads[0].status
			if t.Wanted.UID == 0 {
				return failed(tried, "uid %s, which is no tenant's: %s", word(s["Uid"]), startedBefore)
			}
			if bad := p.everyThread(only(t.Wanted.UID)); bad != "" {
				return failed(tried, "%s", bad)
			}
			return passed(tried, "uid %s, gid %s in %s", word(s["Uid"]), word(s["Gid"]), p.count())
		},
	}
}

// startedBefore is what keeps an instance from the user of its tenant, and what to do.
const startedBefore = "stop and start it, with the system's libvirt, now that tenants have users"

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

// only holds all users and groups of a thread to one number.
func only(uid int) func(thread) string {
	return func(t thread) string {
		for _, field := range []string{"Uid", "Gid", "Groups"} {
			for number := range strings.FieldsSeq(t.status[field]) {
				if number != strconv.Itoa(uid) {
					return fmt.Sprintf("%s %.80s, not %d alone", strings.ToLower(field), t.status[field], uid)
				}
			}
		}
		return ""
	}
}

// word is the first one of a text.
func word(text string) string {
	first, _, _ := strings.Cut(text, " ")
	return first
}
