package wiretest

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Two types as they may be declared, and their source.
type (
	Inner struct {
		Name    string            `json:"name"`
		Members []Inner           `json:"members,omitempty"`
		Labels  map[string]string `json:"labels,omitempty"`
	}
	Outer struct {
		Inner
		Began time.Time `json:"began"`
		Key   []byte    `json:"key,omitempty"`
		Ports []uint16  `json:"ports"`
		Under *Inner    `json:"under,omitempty"`
	}
)

const source = `package p

// Inner is what lies below.
type Inner struct {
	// Name is a word.
	Name string
	// Members are more of them.
	Members []Inner
	// Labels are words by words.
	Labels map[string]string
}

// Outer is what lies above,
// in two lines.
type Outer struct {
	Inner
	// Began is when.
	Began time.Time
	// Key is in base64.
	Key []byte
	// Ports are numbers.
	Ports []uint16
	// Under is what is under it.
	Under *Inner
}
`

func schemaOf(t *testing.T, source string) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return Schema(dir, "https://example.org/outer.json", Outer{})
}

func TestADocumentIsHeldAgainstItsSchemaStrictly(t *testing.T) {
	schema, err := schemaOf(t, source)
	if err != nil {
		t.Fatal(err)
	}
	const began = `"began": "2030-01-02T03:04:05Z"`
	for name, c := range map[string]struct {
		document string
		fine     bool
	}{
		"all that there can be":      {`{"name": "a", "members": [{"name": "b", "members": [{"name": "c"}]}], "labels": {"x": "y"}, ` + began + `, "key": "AAAA", "ports": [1], "under": {"name": "d"}}`, true},
		"no more than has to":        {`{"name": "a", ` + began + `, "ports": []}`, true},
		"a field that is more":       {`{"name": "a", ` + began + `, "ports": [], "more": 1}`, false},
		"one more further down":      {`{"name": "a", ` + began + `, "ports": [], "under": {"name": "d", "more": 1}}`, false},
		"a field that is not there":  {`{` + began + `, "ports": []}`, false},
		"null instead of a list":     {`{"name": "a", ` + began + `, "ports": null}`, false},
		"null instead of an object":  {`{"name": "a", ` + began + `, "ports": [], "under": null}`, false},
		"a word for a number":        {`{"name": "a", ` + began + `, "ports": ["80"]}`, false},
		"a number that is too large": {`{"name": "a", ` + began + `, "ports": [70000]}`, false},
		"two documents":              {`{"name": "a", ` + began + `, "ports": []} {}`, false},
		"none":                       {``, false},
	} {
		if err := Strictly(schema, []byte(c.document)); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !strings.Contains(string(schema), `"Outer is what lies above, in two lines."`) || !strings.Contains(string(schema), `"Key is in base64."`) {
		t.Errorf("comments are not in it:\n%s", schema)
	}
}

func TestATypeOrAFieldWithoutACommentHasNoSchema(t *testing.T) {
	for _, comment := range []string{"// Outer is what lies above,\n// in two lines.\n", "\t// Ports are numbers.\n", "\t// Name is a word.\n"} {
		if _, err := schemaOf(t, strings.Replace(source, comment, "", 1)); err == nil || !strings.Contains(err.Error(), "has no comment") {
			t.Errorf("without %q: %v", comment, err)
		}
	}
}

func TestPromisesAreLinesThatCanBeCompared(t *testing.T) {
	schema, err := schemaOf(t, source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Promises(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Outer: document", "Outer.name: string", "Outer.name: always", "Outer.began: date-time", "Outer.ports: list of integer",
		"Outer.under: Inner", "Inner.members: list of Inner", "Inner.labels: map of string",
	} {
		if !strings.Contains(strings.Join(got, "\n")+"\n", want+"\n") {
			t.Errorf("%q is not among\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestAFileOfASchemaIsCalledAsItsType(t *testing.T) {
	if got := FileName(Outer{}); got != "outer.json" {
		t.Error(got)
	}
	type SSHHostList struct{}
	if got := FileName(SSHHostList{}); got != "ssh-host-list.json" {
		t.Error(got)
	}
}

func TestWhatIsFilledHasNothingEmpty(t *testing.T) {
	var v struct {
		Outer
		Address netip.Addr
		Prefix  netip.Prefix
		Deep    *struct{ Done float64 }
		Yes     bool
		Took    time.Duration
	}
	Fill(&v)
	if got := Empty(v); len(got) > 0 {
		t.Errorf("empty are %q", got)
	}
	v.Ports, v.Deep.Done = nil, 0
	v.Members[1].Name = ""
	if got := strings.Join(Empty(v), " "); got != ".Outer.Inner.Members[1].Name .Outer.Ports .Deep" {
		t.Errorf("empty are %q", got)
	}
}
