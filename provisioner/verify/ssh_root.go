package verify

import (
	"context"
	"strings"

	"golang.org/x/crypto/ssh"
)

func sshRoot() rule {
	return rule{
		id: "ssh-root", side: Network, source: "CIS Debian 5.1.20", promise: "root cannot log in over SSH",
		try: func(ctx context.Context, t *trial) found {
			const tried = "log in as root with a key that the instance's user may use"
			if why := t.session().control(); why != "" {
				return inconclusive(tried, "%s", why)
			}
			key, err := signer(t.KeyPath)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			conn, err := t.dial(ctx, 22, connectWithin)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			reached := false
			client, err := t.handshake(ctx, conn, &ssh.ClientConfig{User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}}, &reached)
			if err == nil {
				_ = client.Close()
				return failed(tried, "root is logged in")
			}
			// Only a refusal after the key exchange is one of root; anything else is trouble on the way.
			if !reached || !strings.Contains(err.Error(), "unable to authenticate") {
				return inconclusive(tried, "%v", err)
			}
			return passed(tried, "refused; control: %s was let in with it", t.User)
		},
	}
}
