package inside

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"holm/cmd/holm/cli"
	"holm/guest/report"
)

// advice is what a container could be started with instead.
type advice struct {
	DockerFlags     []string         `json:"docker_flags,omitempty"`
	SecurityContext *securityContext `json:"security_context,omitempty"` // of the pod's container
}

// securityContext is Kubernetes' own shape, ready to be put into a manifest.
type securityContext struct {
	AllowPrivilegeEscalation bool         `json:"allowPrivilegeEscalation"`
	Capabilities             capabilities `json:"capabilities"`
}

type capabilities struct {
	Drop []string `json:"drop"`
	Add  []string `json:"add,omitempty"`
}

var capForm = regexp.MustCompile(`^CAP_[A-Z_]{2,30}$`)

// adviseOn proposes what a container needs: all dropped, and what it was seen to use added again. A process of the
// guest's own has nobody to give it flags, so there is no advice for it; nor for who needs all that it holds. What the
// guest says is held to the form of a capability, for it is printed as something to paste.
func adviseOn(c report.Consumer) *advice {
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
		return &advice{SecurityContext: &securityContext{Capabilities: capabilities{Drop: []string{"ALL"}, Add: add}}}
	}
	flags := []string{"--cap-drop=ALL"}
	for _, name := range add {
		flags = append(flags, "--cap-add="+name)
	}
	return &advice{DockerFlags: flags}
}

// line is the advice in a table.
func (a *advice) line() string {
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
