package model

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"holm/internal/fault"
)

// Command writes a command line of holm for an instance. cmd adds what this run was told besides, so that it works when pasted.
func Command(verb string, inst Instance) string {
	line := "holm " + verb + " " + inst.Name
	if inst.Tenant != "" && inst.Tenant != DefaultTenant {
		line += " --tenant " + inst.Tenant
	}
	return line
}

// Try advises to run a verb of holm for an instance.
func Try(advice, verb string, inst Instance, args ...string) fault.Remedies {
	return fault.Try(advice, verb, Args(inst, args...)...)
}

// Args are the arguments of a verb for an instance: its name, its tenant, and what else there is to say.
func Args(inst Instance, more ...string) []string {
	args := []string{inst.Name}
	if inst.Tenant != "" && inst.Tenant != DefaultTenant {
		args = append(args, "--tenant", inst.Tenant)
	}
	return append(args, more...)
}

// SomeOf names a few of many instances, for a line.
func SomeOf(living []Instance) string {
	names := make([]string, len(living))
	for i, inst := range living {
		names[i] = inst.Tenant + "/" + inst.Name
	}
	slices.Sort(names)
	const most = 5
	text := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// MaxKeys is how many keys may be given: a seed takes 16, and one of them is holm's own.
const MaxKeys = 15

var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)

// ValidateName holds a name to what is safe as a host name, a file name and a part of a domain's name.
func ValidateName(what, name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return fault.New(fault.Usage, "",
		`%s %s is not allowed: use 1 to 40 of a-z, 0-9 and "-", starting with a letter, not ending with "-"`, what, Quoted(name))
}

// Quoted makes a value of any length and content fit for one line.
func Quoted(value string) string {
	const most = 60
	if len(value) > most {
		return strconv.QuoteToASCII(value[:most]) + "…"
	}
	return strconv.QuoteToASCII(value)
}

// maxText is the most that is kept of what a check says, in bytes.
const maxText = 300

// OneLine makes a text that may come from a guest fit for one line of a terminal.
func OneLine(text string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() >= maxText {
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
