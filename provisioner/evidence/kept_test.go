package evidence_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"holm/provisioner/evidence"
	"holm/storage/ledger"
)

// The files in testdata are evidence of earlier versions, signed with key(7), with every field that there was: they stay for ever. To
// add one, seal a statement all of whose fields are filled, with the code of the version whose commit names the file.
func TestEvidenceOfEachEarlierVersionStillVerifies(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, by, err := evidence.Open(t.Context(), bytes.NewReader(content), public(key(7)))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if by != ledger.FormatKey(public(key(7))) || got.Predicate.Instance.ID == "" || got.Predicate.Audit.Seq == 0 || got.Predicate.Under == nil {
			t.Errorf("%s, signed by %s, states %+v", file, by, got.Predicate)
		}
	}
}

// What was written by the version before these types were evidence's own comes out of them byte for byte.
func TestThePredicateIsAsItWasFrozen(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "fd99d2c.json"))
	if err != nil {
		t.Fatal(err)
	}
	var envelope struct{ Payload string }
	if err := json.Unmarshal(content, &envelope); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		t.Fatal(err)
	}
	statement, _, err := evidence.Open(t.Context(), bytes.NewReader(content), public(key(7)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(statement)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(payload, again) {
		t.Errorf("the predicate is version 1, and stays as it is: it was\n%s\nand is\n%s", payload, again)
	}
	sealed, err := evidence.Seal(t.Context(), key(7), statement)
	if err != nil || !bytes.Equal(sealed, content) {
		t.Errorf("sealed again it is another file (%v)", err)
	}
}

func TestAnotherVersionOfThePredicateIsNamed(t *testing.T) {
	other := statement()
	other.PredicateType = "https://holm.invalid/evidence/v2"
	content := seal(t, key(1), other)
	_, _, err := evidence.Open(t.Context(), bytes.NewReader(content), nil)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("evidence/v2")) {
		t.Errorf("%v", err)
	}
}
