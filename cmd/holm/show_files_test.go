package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestShowFilesFitsATerminalAndCutsNothing(t *testing.T) {
	for _, profile := range []string{"plain", "docker", "k3s"} {
		w := newWorld()
		w.instances[2].Profile = profile
		got := w.runOn(t, terminal(""), "show", "web", "--files")
		if got.code != 0 || got.err != "" {
			t.Errorf("%s: exit %d, stderr %q", profile, got.code, got.err)
		}
		golden(t, "show-files-"+profile+".txt", got.out)
		if strings.Contains(got.out, "…") {
			t.Errorf("%s: something was cut:\n%s", profile, got.out)
		}
		for line := range strings.Lines(got.out) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
				t.Errorf("%s: a line has %d columns: %q", profile, n, line)
			}
		}
	}
}

func TestShowFilesIsOneRecordALineInAPipe(t *testing.T) {
	got := newWorld().run(t, "show", "web", "--files")
	lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	if lines[0] != "PATH\tMODE\tPURPOSE" || len(lines) < 10 {
		t.Fatalf("got:\n%s", got.out)
	}
	for _, line := range lines {
		if strings.Count(line, "\t") != 2 {
			t.Errorf("not three values: %q", line)
		}
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "/home/ops/.ssh/authorized_keys\t0600\t") }) {
		t.Errorf("the keys of the instance's user are not listed:\n%s", got.out)
	}
}

func TestShowFilesAsADocumentAndAsNames(t *testing.T) {
	var doc struct {
		Files []struct{ Path, Mode, Purpose string }
	}
	got := newWorld().run(t, "show", "web", "--files", "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
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
	names := newWorld().run(t, "show", "web", "--files", "-o", "name")
	if want := strings.Join(paths, "\n") + "\n"; names.out != want {
		t.Errorf("names: got %q, want %q", names.out, want)
	}
}

func TestShowFilesNeedsNoRunningInstance(t *testing.T) {
	for _, args := range [][]string{{"show", "off", "--files"}, {"show", "young", "--files"}, {"show", "build", "--tenant", "acme", "--files"}} {
		if got := newWorld().run(t, args...); got.code != 0 || !strings.Contains(got.out, "/etc/hostname\t0644\t") {
			t.Errorf("%q: %+v", args, got)
		}
	}
	if got := newWorld().run(t, "show", "nobody", "--files"); got.code != 4 || got.out != "" {
		t.Errorf("an instance that is not there: %+v", got)
	}
}
