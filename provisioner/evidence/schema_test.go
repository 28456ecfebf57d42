package evidence_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/internal/atomicfile"
	"holm/internal/wiretest"
	"holm/provisioner/evidence"
)

var update = flag.Bool("update", false, "write the schema anew")

func TestTheSchemaIsThatOfThePredicate(t *testing.T) {
	want, err := wiretest.Schema(".", "https://holm.invalid/evidence/v1.json", evidence.Statement{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "evidence", "v1.json")
	if *update {
		if err := atomicfile.WriteBytes(path, 0o644, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the predicate is version 1, and stays as it is; only what is said of it may change (go generate ./provisioner/evidence)\n%s", diff)
	}
	content, err := os.ReadFile(filepath.Join("testdata", "fd99d2c.json"))
	if err != nil {
		t.Fatal(err)
	}
	kept, _, err := evidence.Open(t.Context(), bytes.NewReader(content), public(key(7)))
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := wiretest.Strictly(got, document); err != nil {
		t.Error(err)
	}
}
