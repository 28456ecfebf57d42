package run_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"holm/internal/debuglog"
	"holm/internal/run"
)

func TestEachProgramIsToldToTheDebugLog(t *testing.T) {
	for name, tc := range map[string]struct {
		cmd  run.Cmd
		want string // a regular expression
	}{
		"what it was given, how long it took, its end": {
			run.Cmd{Name: "printf", Args: []string{"%s", "a b"}},
			`^time=\S+\.\d{3}\S+ msg=program name=/usr/bin/printf args="%s 'a b'" took=\S+s ended="exit status 0"\n$`,
		},
		"a failure":                   {sh("exit 3"), ` ended="exit status 3"\n$`},
		"a death":                     {sh("kill -KILL $$"), ` ended="signal: killed"\n$`},
		"one that cannot begin":       {run.Cmd{Name: "true", Dir: "/nonexistent"}, ` error="[^"]*no such file[^"]*"\n$`},
		"one that is not there":       {run.Cmd{Name: "holm-no-such-program"}, `^$`},
		"a proxy's password":          {run.Cmd{Name: "true", Args: []string{"http://u:hunter2@proxy:3128"}}, ` args=http://…@proxy:3128 `},
		"its environment is not told": {run.Cmd{Name: "true", Env: []string{"TOKEN=hunter2"}}, ` msg=program `},
		"nor what it reads":           {run.Cmd{Name: "cat", Stdin: strings.NewReader("hunter2")}, ` msg=program `},
		"nor what it says":            {sh("printf hun; echo ter2; (printf hun; echo ter2) >&2; exit 1"), ` msg=program `},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			_, _ = run.Run(debuglog.With(t.Context(), debuglog.New(&log)), tc.cmd)
			if got := log.String(); !regexp.MustCompile(tc.want).MatchString(got) || strings.Contains(got, "hunter2") {
				t.Errorf("told %q, want %s", got, tc.want)
			}
		})
	}
}
