package unitfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesThatAreNotWhatTheySeemAreNotWritten(t *testing.T) {
	for name, u := range map[string]File{
		"a second line in a value": {"Scope": {{"TasksMax", "512\nMemoryMax=1"}}},
		"a line that goes on":      {"Scope": {{"TasksMax", "512 \\"}}},
		"an empty value":           {"Scope": {{"TasksMax", ""}}},
		"a comment":                {"Scope": {{"#TasksMax", "512"}}},
		"a section in a name":      {"Scope": {{"[Service]", "512"}}},
		"a bracket in a section":   {"Scope]\n[Service": {{"TasksMax", "512"}}},
		"a section without a name": {"": {{"TasksMax", "512"}}},
	} {
		if text, err := Encode(u); err == nil {
			t.Errorf("%s went through: %q", name, text)
		}
	}
}

func TestAFileReadsBackAsItWas(t *testing.T) {
	u := File{"Unit": {{"After", `srv-a\x2db.mount`}, {"Wants", "x.mount"}}, "Mount": {{"What", "/dev/disk/by-uuid/1"}}}
	text, err := Encode(u)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[Mount]\nWhat=/dev/disk/by-uuid/1\n[Unit]\nAfter=srv-a\\x2db.mount\nWants=x.mount\n", string(text)); diff != "" {
		t.Error(diff)
	}
}
