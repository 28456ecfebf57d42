package inside

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	v1 "holm/api/v1"
	"holm/cmd/holm/cli"
	"holm/guest/report"
)

var capForm = regexp.MustCompile(`^CAP_[A-Z_]{2,30}$`)

// adviseOn proposes what a container needs: all dropped, and what it was seen to use added again. A process of the
// guest's own has nobody to give it flags, so there is no advice for it; nor for who needs all that it holds. What the
// guest says is held to the form of a capability, for it is printed as something to paste.
func adviseOn(c report.Consumer) *v1.CapabilityAdvice {
	if c.Kind == "process" || len(c.Effective) == 0 {
		return nil
	}
	var add []string
	for _, name := range c.Used {
		if capForm.MatchString(name) {
			add = append(add, strings.TrimPrefix(name, "CAP_"))
		}
	}
	if len(add) >= len(c.Effective) {
		return nil
	}
	if c.Kind == "pod" {
		return &v1.CapabilityAdvice{SecurityContext: &v1.SecurityContext{Capabilities: v1.Capabilities{Drop: []string{"ALL"}, Add: add}}}
	}
	flags := []string{"--cap-drop=ALL"}
	for _, name := range add {
		flags = append(flags, "--cap-add="+name)
	}
	return &v1.CapabilityAdvice{DockerFlags: flags}
}

// adviceLine is an advice in a table.
func adviceLine(a v1.CapabilityAdvice) string {
	if a.SecurityContext != nil {
		text := "drop: [ALL]"
		if add := a.SecurityContext.Capabilities.Add; len(add) > 0 {
			text += " add: [" + strings.Join(add, ", ") + "]"
		}
		return text
	}
	return strings.Join(a.DockerFlags, " ")
}

func shortCaps(list []string) []string {
	short := make([]string, len(list))
	for i, name := range list {
		short[i] = strings.ToLower(strings.TrimPrefix(name, "CAP_"))
	}
	return short
}

// watchFlag is for how long the kernel counts.
type watchFlag struct{ long *time.Duration }

func (f *watchFlag) String() string { return f.long.String() }
func (f *watchFlag) Type() string   { return "long" }
func (f *watchFlag) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second || d > 10*time.Minute {
		return fmt.Errorf("%s is no time to watch: write one from 1s to 10m", cli.Quoted(text))
	}
	*f.long = d.Round(time.Second)
	return nil
}
