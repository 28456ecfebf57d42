package verify

import (
	"context"
	"strings"
)

func sshPassword() rule {
	return rule{
		id: "ssh-password", side: Network, source: "CIS Debian 5.1.19", promise: "only keys open the instance, no password",
		try: func(_ context.Context, t *trial) found {
			const tried = "offer no credential, then a password, then the key"
			s := t.session()
			switch {
			case len(s.offered) > 0:
				return failed(tried, "the server asked for: %s", strings.Join(s.offered, ", "))
			case s.control() != "":
				return inconclusive(tried, "%s", s.control())
			case !s.usedKey:
				return failed(tried, "logged in without any credential")
			}
			return passed(tried, "no password was taken; control: the key was")
		},
	}
}
