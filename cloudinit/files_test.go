package cloudinit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/cloudinit/profiles"
)

func TestFilesListsAllThatUserDataWrites(t *testing.T) {
	for _, profile := range []string{ProfilePlain, ProfileDocker, ProfileK3s} {
		files, err := Files(profile, "ops")
		if err != nil {
			t.Fatal(err)
		}
		modes := map[string]string{}
		paths := make([]string, 0, len(files))
		for _, f := range files {
			paths = append(paths, f.Path)
			modes[f.Path] = permissions(f.Mode)
			if f.Purpose == "" || f.Mode == 0 {
				t.Errorf("%s: %s lacks a purpose or a mode", profile, f.Path)
			}
		}
		if !slices.IsSorted(paths) || !slices.Contains(paths, "/home/ops/.ssh/authorized_keys") {
			t.Errorf("%s: not sorted by path, or the user's keys are missing: %v", profile, paths)
		}
		data, err := newUserData(exampleSpec(profile))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range data.WriteFiles {
			if modes[w.Path] != w.Permissions {
				t.Errorf("%s: user-data writes %s with the mode %s; Files says %q", profile, w.Path, w.Permissions, modes[w.Path])
			}
		}
	}
	if files, err := Files("podman", "ops"); err == nil {
		t.Errorf("a word that is no profile has %d files", len(files))
	}
}

// awkward are contents on which readers of YAML have stumbled.
func awkward() map[string]string {
	return map[string]string{
		"text":                       "key = value\n",
		"nothing":                    "",
		"one line without its end":   "x",
		"blank lines at both ends":   "\n\n  x\n\n\n",
		"blanks before the text":     "   x\n y\n",
		"blanks behind the text":     "x   \ny\t\n",
		"tabs":                       "\tx\n",
		"carriage returns":           "x\r\ny\r\n",
		"what looks like YAML":       "- a: &b !c |\n--- # d\n...\n%e\n",
		"a number":                   "0755\n",
		"a word for false":           "no\n",
		"a NUL":                      "a\x00b\n",
		"bytes that are not UTF-8":   "\xff\xfe\n",
		"a line separator":           "a\u2028b\u0085c\n",
		"another script":             "Åse på øya 🏔\n",
		"a byte order mark":          "\ufeffx\n",
		"a long line":                strings.Repeat("a long line, ", 400) + "\n",
		"a long line without blanks": strings.Repeat("x", 5000) + "\n",
	}
}

func TestEveryContentSurvives(t *testing.T) {
	for name, content := range awkward() {
		w := newWriteFile(profiles.File{Path: "/etc/x", Mode: 0o640, Content: []byte(content)})
		text, err := encode("user-data", userData{WriteFiles: []writeFile{w}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := parse(t, text)["write_files"].([]any)[0].(map[string]any)
		if diff := cmp.Diff(content, written(t, got)); diff != "" || got["permissions"] != "0640" || got["owner"] != "root:root" {
			t.Errorf("%s: %v (-want +got):\n%s", name, got, diff)
		}
	}
}

// TestPythonReadsTheSame has the library that cloud-init reads YAML with do it.
func TestPythonReadsTheSame(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.CommandContext(t.Context(), python, "-c", "import yaml").Run() != nil {
		t.Skip("python3 and its yaml are needed to read user-data like cloud-init")
	}
	var data userData
	var want []string
	for _, profile := range []string{ProfilePlain, ProfileDocker, ProfileK3s} {
		files, err := profiles.Files(profile, profiles.Params{
			InstanceID: "0123456789ab", Hostname: "web", User: "ops", Address: exampleSpec(profile).Address.Addr(),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data.WriteFiles, want = append(data.WriteFiles, newWriteFile(f)), append(want, string(f.Content))
		}
	}
	for _, content := range awkward() {
		data.WriteFiles = append(data.WriteFiles, newWriteFile(profiles.File{Path: "/etc/x", Mode: 0o600, Content: []byte(content)}))
		want = append(want, content)
	}
	text, err := encode("user-data", data)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Files []map[string]any `json:"write_files"`
	}
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, f := range back.Files {
		got = append(got, written(t, f))
		if f["permissions"] != data.WriteFiles[i].Permissions {
			t.Errorf("%v: permissions %v, want %q", f["path"], f["permissions"], data.WriteFiles[i].Permissions)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Python reads it differently (-want +got):\n%s", diff)
	}
}

// written is what cloud-init writes for an entry of write_files.
func written(t *testing.T, entry map[string]any) string {
	t.Helper()
	content := entry["content"].(string)
	if entry["encoding"] == nil {
		return content
	}
	raw, err := base64.StdEncoding.DecodeString(content)
	if err != nil || entry["encoding"] != "b64" {
		t.Fatalf("the encoding %v: %v", entry["encoding"], err)
	}
	return string(raw)
}
