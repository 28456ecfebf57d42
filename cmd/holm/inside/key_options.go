package inside

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holm/internal/fault"
)

// keyOptions say with which key a person's own programs log in.
type keyOptions struct {
	identity string
	own      bool
}

func (o *keyOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.identity, "identity", "", "key `FILE` to log in with instead of holm's own; a .pub file for a key in an agent")
	cmd.Flags().BoolVar(&o.own, "own-keys", false, "log in with the keys that your ssh has: its files, agent and tokens")
}

// apply gives a target the key that was asked for.
func (o keyOptions) apply(t sshTarget) (sshTarget, error) {
	switch {
	case o.identity != "":
		path, err := filepath.Abs(o.identity)
		if err != nil {
			return t, err
		}
		if _, err := os.Stat(path); err != nil {
			return t, fault.New(fault.Usage, "name a key that is there", "--identity: %w", err)
		}
		t.Identity, t.Own = path, false
	case o.own:
		t.Identity, t.Own = "", false
	}
	return t, nil
}
