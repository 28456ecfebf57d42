package v1_test

import (
	"flag"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "holm/api/v1"
	"holm/internal/atomicfile"
	"holm/internal/wiretest"
)

var update = flag.Bool("update", false, "write the schemas anew")

var schemas = filepath.Join("..", "..", "docs", "api", "v1")

func TestTheSchemasAreThoseOfTheTypes(t *testing.T) {
	wanted := map[string]bool{}
	for _, document := range v1.Documents() {
		name := wiretest.FileName(document)
		wanted[name] = true
		want, err := wiretest.Schema(".", "https://holm.invalid/api/v1/"+name, document)
		if err != nil {
			t.Error(err)
			continue
		}
		path := filepath.Join(schemas, name)
		if *update {
			if err := atomicfile.WriteBytes(path, 0o644, want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not the schema of its type: go generate ./api/v1\n%s", path, diff)
		}
	}
	files, err := os.ReadDir(schemas)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !wanted[file.Name()] {
			t.Errorf("%s is the schema of nothing", file.Name())
		}
	}
}

// What was ever promised of a field is kept in testdata/promised.txt, a line each: its type, and whether it is always there. Lines are added
// (go generate ./api/v1), and none is taken out: that is what v1 means.
func TestNothingThatWasPromisedGoes(t *testing.T) {
	path := filepath.Join("testdata", "promised.txt")
	kept, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	promised := strings.Split(strings.TrimSpace(string(kept)), "\n")
	now := map[string]bool{}
	for _, document := range v1.Documents() {
		schema, err := os.ReadFile(filepath.Join(schemas, wiretest.FileName(document)))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := wiretest.Promises(schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			now[line] = true
		}
	}
	for _, line := range promised {
		if line != "" && !now[line] {
			t.Errorf("%q was promised, and is so no more: that breaks who reads v1", line)
		}
		delete(now, line)
	}
	if *update {
		all := slices.Sorted(slices.Values(append(slices.DeleteFunc(promised, func(l string) bool { return l == "" }), slices.Collect(maps.Keys(now))...)))
		if err := atomicfile.WriteBytes(path, 0o644, []byte(strings.Join(all, "\n")+"\n")); err != nil {
			t.Fatal(err)
		}
		return
	}
	for line := range now {
		t.Errorf("%q is new, and not yet in %s: go generate ./api/v1", line, path)
	}
}

func TestV1KnowsNothingOfHolm(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if spec.Path.Value != `"time"` {
				t.Errorf("%s imports %s: what is promised to others depends on nothing", path, spec.Path.Value)
			}
		}
	}
}
