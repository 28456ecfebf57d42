package inside

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"holm/cmd/holm/cli"
	"holm/internal/debuglog"
	"holm/internal/term"
)

func TestProgramsPassInputOutputAndExitCode(t *testing.T) {
	var out, err bytes.Buffer
	s := term.New(strings.NewReader("in"), &out, &err)
	got := RunProgram(t.Context(), "sh", []string{"-c", "cat; echo talk >&2; exit 7"}, s)
	if !errors.Is(got, cli.ExitStatus(7)) || out.String() != "in" || err.String() != "talk\n" {
		t.Errorf("got %v, stdout %q, stderr %q", got, out.String(), err.String())
	}
	if got := RunProgram(t.Context(), "sh", []string{"-c", "kill -9 $$"}, s); !errors.Is(got, cli.ExitStatus(137)) {
		t.Errorf("killed: got %v", got)
	}
	if got := RunProgram(t.Context(), "holm-no-such-program", nil, s); got == nil || !strings.Contains(got.Error(), "not installed") {
		t.Errorf("missing: got %v", got)
	}
}

func TestProgramsOnTheCallersStreamsAreTold(t *testing.T) {
	for name, tc := range map[string]struct{ program, want string }{
		"one that ends well": {"true", `msg="program begun" name=/usr/bin/true args=-n of=1\n.* msg="program ended" name=/usr/bin/true took=\S+s ended="exit status 0"\n$`},
		"one that fails":     {"false", `ended="exit status 1"\n$`},
	} {
		var log bytes.Buffer
		_ = RunProgram(debuglog.With(t.Context(), debuglog.New(&log)), tc.program, []string{"-n"}, term.New(nil, &log, &log))
		if !regexp.MustCompile(tc.want).MatchString(log.String()) {
			t.Errorf("%s: told %q, want %s", name, &log, tc.want)
		}
	}
}

func TestOfWhatAPersonGivesToSSHNothingIsTold(t *testing.T) {
	for name, tc := range map[string]struct{ args, want string }{
		"ssh":      {"-F none -o A=b 10.77.0.12 -v secret", "-F none -o A=b 10.77.0.12"},
		"exec":     {"-E log -o A=b -T -e none -n -- 10.77.0.12 exec secret", "-E log -o A=b -T -e none -n -- 10.77.0.12"},
		"scp":      {"-r -F none -- secret web:/secret", "-r -F none -- secret"},
		"docker":   {"context create secret", "context"},
		"nothing":  {"", ""},
		"an end":   {"-o", "-o"},
		"an other": {"-i secret web", "-i"},
	} {
		if got := strings.Join(ownArgs(strings.Fields(tc.args)), " "); got != tc.want {
			t.Errorf("%s: told %q, want %q", name, got, tc.want)
		}
	}
}
