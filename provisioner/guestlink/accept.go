package guestlink

import (
	"regexp"

	"golang.org/x/crypto/ssh"

	"holm/guest/report"
	"holm/provisioner/model"
)

// Failure is the verdict that a guest passes on itself.
func Failure(r report.Report) error { return &Verdict{What: "the guest reports: " + NoteOf(r)} }

// NoteOf is what a guest says of the stage that it is at.
func NoteOf(r report.Report) string {
	if note := model.OneLine(r.Note); note != "" {
		return note
	}
	return "it does not say why"
}

var (
	machineIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	bootIDForm    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	checkIDForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	kernelForm    = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}$`)
)

// Accept holds what a guest says of itself to its forms, and to what it said when it was first ready.
func Accept(inst model.Instance, r report.Report) error {
	switch {
	case !isHostKey(r.HostKey):
		return &Verdict{What: "the guest reports no ed25519 host key"}
	case !machineIDForm.MatchString(r.MachineID) || !bootIDForm.MatchString(r.BootID) || !kernelForm.MatchString(r.Kernel):
		return errMalformed
	case inst.HostKey != "" && inst.HostKey != r.HostKey:
		return &Verdict{What: "the guest shows another host key than before"}
	case inst.MachineID != "" && inst.MachineID != r.MachineID:
		return &Verdict{What: "the guest has another machine id than before"}
	}
	return nil
}

var errMalformed = &Verdict{What: "the guest's report is not well-formed"}

// AcceptChecks holds a list of checks to its form: an id that is there twice would let a guest choose what is read.
func AcceptChecks(checks []report.Check) error {
	seen := map[string]bool{}
	for _, c := range checks {
		if seen[c.ID] || !checkIDForm.MatchString(c.ID) {
			return errMalformed
		}
		seen[c.ID] = true
	}
	return nil
}

// isHostKey holds a key to the one spelling that it has. A parser forgives what comes before it, after it and around
// it, and all of that would go into known_hosts.
func isHostKey(line string) bool {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	return err == nil && key.Type() == ssh.KeyAlgoED25519 && string(ssh.MarshalAuthorizedKey(key)) == line+"\n"
}
