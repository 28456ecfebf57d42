package instance

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"holm/cmd/holm/clitest"
)

func TestShowFilesFitsATerminalAndCutsNothing(t *testing.T) {
	for _, profile := range []string{"plain", "docker", "k3s"} {
		w := newWorld()
		w.Instances[2].Profile = profile
		got := w.RunOn(t, clitest.Terminal(""), "show", "web", "--files")
		if got.Code != 0 || got.Err != "" {
			t.Errorf("%s: exit %d, stderr %q", profile, got.Code, got.Err)
		}
		clitest.Golden(t, "show-files-"+profile+".txt", got.Out)
		if strings.Contains(got.Out, "…") {
			t.Errorf("%s: something was cut:\n%s", profile, got.Out)
		}
		for line := range strings.Lines(got.Out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
				t.Errorf("%s: a line has %d columns: %q", profile, n, line)
			}
		}
	}
}

func TestShowFilesIsOneRecordALineInAPipe(t *testing.T) {
	got := newWorld().Run(t, "show", "web", "--files")
	lines := strings.Split(strings.TrimSuffix(got.Out, "\n"), "\n")
	if lines[0] != "PATH\tMODE\tPURPOSE" || len(lines) < 10 {
		t.Fatalf("got:\n%s", got.Out)
	}
	for _, line := range lines {
		if strings.Count(line, "\t") != 2 {
			t.Errorf("not three values: %q", line)
		}
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "/home/ops/.ssh/authorized_keys\t0600\t") }) {
		t.Errorf("the keys of the instance's user are not listed:\n%s", got.Out)
	}
}

func TestShowFilesAsADocumentAndAsNames(t *testing.T) {
	var doc struct {
		Files []struct{ Path, Mode, Purpose string }
	}
	got := newWorld().Run(t, "show", "web", "--files", "-o", "json")
	if err := json.Unmarshal([]byte(got.Out), &doc); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	var paths []string
	for _, f := range doc.Files {
		paths = append(paths, f.Path)
		if len(f.Mode) != 4 || f.Mode[0] != '0' || f.Purpose == "" {
			t.Errorf("%+v lacks something", f)
		}
	}
	if !slices.IsSorted(paths) || !slices.Contains(paths, "/etc/holm/dockerd.json") {
		t.Errorf("paths: %q", paths)
	}
	names := newWorld().Run(t, "show", "web", "--files", "-o", "name")
	if want := strings.Join(paths, "\n") + "\n"; names.Out != want {
		t.Errorf("names: got %q, want %q", names.Out, want)
	}
}

func TestShowFilesNeedsNoRunningInstance(t *testing.T) {
	for _, args := range [][]string{{"show", "off", "--files"}, {"show", "young", "--files"}, {"show", "build", "--tenant", "acme", "--files"}} {
		if got := newWorld().Run(t, args...); got.Code != 0 || !strings.Contains(got.Out, "/etc/hostname\t0644\t") {
			t.Errorf("%q: %+v", args, got)
		}
	}
	if got := newWorld().Run(t, "show", "nobody", "--files"); got.Code != 4 || got.Out != "" {
		t.Errorf("an instance that is not there: %+v", got)
	}
}
