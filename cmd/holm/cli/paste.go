package cli

import (
	"regexp"
	"slices"
	"strings"
)

// commandForm finds what may be a command line of holm's in a sentence: its verb, and what stands before it.
var commandForm = regexp.MustCompile(`(^|[\s(:'"])(sudo )?holm ([a-z][a-z-]*)`)

// Pasted makes the commands that a room proposes those of this run: a room knows neither the state directory nor the connection
// that it was given, nor sudo, and the same command without them is about something else.
func (a *App) Pasted(remedy string) string {
	flags := givenFlags(a)
	if strings.Contains(remedy, " --state ") || strings.Contains(remedy, " --connect ") {
		flags = "" // the command line has made it, see command
	}
	sudo := ""
	if a.Getenv("SUDO_USER") != "" {
		sudo = "sudo "
	}
	return commandForm.ReplaceAllStringFunc(remedy, func(found string) string {
		m := commandForm.FindStringSubmatch(found)
		if !slices.Contains(a.verbs, m[3]) {
			return found
		}
		return m[1] + max(m[2], sudo) + "holm" + flags + " " + m[3]
	})
}

// givenFlags are the flags of this run that no pasted command would have by itself: not those of the environment, unless sudo drops it.
func givenFlags(a *App) (flags string) {
	sudo := a.Getenv("SUDO_USER") != ""
	for _, flag := range []struct{ name, value, variable, common string }{
		{"--state", a.Settings.State, "HOLM_STATE", DefaultState},
		{"--connect", a.Settings.Connect, "HOLM_CONNECT", defaultConnect},
	} {
		common := flag.common
		if !sudo {
			common = fromEnvironment(a, flag.variable, flag.common)
		}
		if flag.value != common && flag.value != "" {
			flags += " " + flag.name + " " + ShellWord(flag.value)
		}
	}
	return flags
}
