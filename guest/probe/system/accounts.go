package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"holm/guest/probe"
)

func localAccounts() probe.Check {
	return probe.Check{
		ID:      "local-accounts",
		Source:  "CIS Debian 5.4, 7.2",
		Promise: "No account has a password, and none but root has root's number.",
		Try: func(context.Context, *probe.Env) probe.Result {
			return tryAccounts("/etc/passwd", "/etc/shadow")
		},
	}
}

// tryAccounts reads the fields that PAM compares a password with. There is no password to try: what is promised is that
// none can be right.
func tryAccounts(passwdFile, shadowFile string) probe.Result {
	const tried = "find an account of /etc/passwd and /etc/shadow that a password opens"
	passwd, err1 := os.ReadFile(passwdFile)
	shadow, err2 := os.ReadFile(shadowFile)
	info, err3 := os.Stat(shadowFile)
	if err := errors.Join(err1, err2, err3); err != nil {
		return probe.Inconclusive(tried, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if info.Mode().Perm()&0o037 != 0 {
		return probe.Failed(tried, "%s has mode %04o", shadowFile, info.Mode().Perm())
	}
	accounts, bad := openAccounts(passwd, shadow)
	if len(bad) > 0 {
		return probe.Failed(tried, "%s", strings.Join(bad, ", "))
	}
	if accounts == 0 {
		return probe.Inconclusive(tried, "there is no account")
	}
	return probe.Passed(tried, "%d accounts, all locked", accounts)
}

// openAccounts counts the accounts and names those that a password opens, or that are not what they seem. An account
// without a line in shadow is not locked: what opens it then depends on PAM.
func openAccounts(passwd, shadow []byte) (accounts int, bad []string) {
	locked := map[string]bool{}
	for line := range bytes.Lines(shadow) {
		fields := strings.Split(strings.TrimSuffix(string(line), "\n"), ":")
		if len(fields) != 9 || fields[0] == "" {
			bad = append(bad, fmt.Sprintf("shadow has a line of %d fields", len(fields)))
			continue
		}
		name, hash := fields[0], fields[1]
		if _, twice := locked[name]; twice {
			bad = append(bad, name+" is in shadow twice")
		}
		locked[name] = strings.HasPrefix(hash, "!") || strings.HasPrefix(hash, "*")
		switch {
		case hash == "":
			bad = append(bad, name+" needs no password")
		case !locked[name]:
			bad = append(bad, name+" has a password")
		}
	}
	for line := range bytes.Lines(passwd) {
		fields := strings.Split(strings.TrimSuffix(string(line), "\n"), ":")
		if len(fields) != 7 || fields[0] == "" {
			bad = append(bad, fmt.Sprintf("passwd has a line of %d fields", len(fields)))
			continue
		}
		accounts++
		name := fields[0]
		if fields[1] != "x" {
			bad = append(bad, name+" has its password in passwd")
		}
		if _, there := locked[name]; !there {
			bad = append(bad, name+" is not in shadow")
		}
		if name != "root" && strings.TrimLeft(fields[2], "0") == "" {
			bad = append(bad, name+" has root's number")
		}
	}
	return accounts, bad
}
