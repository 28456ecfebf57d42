package provisioner

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"

	"holm/cloudinit"
	"holm/guest/report"
	"holm/storage/records"
)

// failure is the verdict that a guest passes on itself.
func failure(r report.Report) error {
	note := clean(r.Note)
	if note == "" {
		note = "it does not say why"
	}
	return &verdict{what: "the guest reports: " + note, passed: passed(r), total: len(r.Checks)}
}

func passed(r report.Report) int {
	n := 0
	for _, c := range r.Checks {
		if c.OK {
			n++
		}
	}
	return n
}

var (
	machineIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	bootIDForm    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	checkIDForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	kernelForm    = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}$`)
)

// promised are the checks without which an instance of a profile is not ready, whatever else it reports.
var promised = map[string][]string{
	cloudinit.ProfilePlain:  {"root-readonly", "host-key"},
	cloudinit.ProfileDocker: {"root-readonly", "host-key", "no-rootful-docker", "docker-rootless"},
}

// accept holds what a guest says of itself to its forms, to its profile, and to what it said when it was first ready.
func accept(inst records.Instance, r report.Report) error {
	seen := map[string]bool{}
	malformed := !machineIDForm.MatchString(r.MachineID) || !bootIDForm.MatchString(r.BootID) || !kernelForm.MatchString(r.Kernel)
	for _, c := range r.Checks {
		malformed = malformed || seen[c.ID] || !checkIDForm.MatchString(c.ID)
		seen[c.ID] = true
	}
	switch {
	case !isHostKey(r.HostKey):
		return &verdict{what: "the guest reports no ed25519 host key"}
	case malformed:
		return &verdict{what: "the guest's report is not well-formed"}
	case inst.HostKey != "" && inst.HostKey != r.HostKey:
		return &verdict{what: "the guest shows another host key than before"}
	case inst.MachineID != "" && inst.MachineID != r.MachineID:
		return &verdict{what: "the guest has another machine id than before"}
	case len(r.Checks) == 0:
		return &verdict{what: "the guest reports no checks"}
	}
	for _, c := range r.Checks {
		if !c.OK {
			return &verdict{what: fmt.Sprintf("check %s: %s", c.ID, clean(c.Found)), passed: passed(r), total: len(r.Checks)}
		}
	}
	for _, id := range promised[inst.Profile] {
		if !seen[id] {
			return &verdict{what: fmt.Sprintf("the guest did not report the check %s", id), passed: passed(r), total: len(r.Checks)}
		}
	}
	return nil
}

// isHostKey holds a key to the one spelling that it has. A parser forgives what comes before it, after it and around
// it, and all of that would go into known_hosts.
func isHostKey(line string) bool {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	return err == nil && key.Type() == ssh.KeyAlgoED25519 && string(ssh.MarshalAuthorizedKey(key)) == line+"\n"
}

// clean makes a text from a guest fit for a terminal and for one line.
func clean(text string) string {
	const most = 300
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
