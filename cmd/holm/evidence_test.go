package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"holm/internal/fault"
)

func TestEvidenceIsSignedAndCheckedElsewhere(t *testing.T) {
	w, state := newWorld(), changed(t)
	made := w.run(t, "--state", state, "evidence", "web")
	holds := 0
	if !w.verdict.Holds() {
		holds = int(fault.CheckFailed)
	}
	if made.code != holds || !strings.Contains(made.out, `"payloadType": "application/vnd.in-toto+json"`) {
		t.Fatalf("ended with %d\n%s%s", made.code, made.out, made.err)
	}
	file := keep(t, "web.json", made.out)
	elsewhere := t.TempDir()
	got := w.run(t, "--state", elsewhere, "evidence", "verify", file, "--any-key")
	if got.code != 0 || !strings.Contains(got.out, "signature\tholds, by a key that only the file itself names") || !strings.Contains(got.out, "instance\tdefault/web 0123456789ab\n") {
		t.Errorf("ended with %d\n%s%s", got.code, got.out, got.err)
	}
	if doc := w.run(t, "--state", elsewhere, "evidence", "verify", file, "--any-key", "-o", "json"); !strings.Contains(doc.out, `"_type": "https://in-toto.io/Statement/v1"`) {
		t.Errorf("as JSON: %s", doc.out)
	}
	if got := w.run(t, "--state", elsewhere, "evidence", "verify", file); got.code != int(fault.CheckFailed) || !strings.Contains(got.err, "nobody said whose key it has to be") {
		t.Errorf("signed by anybody: ended with %d\n%s%s", got.code, got.out, got.err)
	}
	if doc := w.run(t, "--state", elsewhere, "evidence", "verify", file, "--any-key", "-o", "json"); !strings.Contains(doc.out, `"holm_version": "`+(&app{}).build().Version+`"`) {
		t.Errorf("it does not state the holm that \"holm version\" says: %s", doc.out)
	}
	var signed struct {
		Signatures []struct {
			Key string `json:"keyid"`
		}
	}
	if err := json.Unmarshal([]byte(made.out), &signed); err != nil {
		t.Fatal(err)
	}
	if got := w.run(t, "--state", elsewhere, "evidence", "verify", file, "--key", signed.Signatures[0].Key); got.code != 0 || !strings.Contains(got.out, "signature\tholds\n") {
		t.Errorf("with its key: ended with %d\n%s%s", got.code, got.out, got.err)
	}
	bad := bytes.Replace([]byte(made.out), []byte(`"payload": "ey`), []byte(`"payload": "ez`), 1)
	for name, c := range map[string]struct {
		args []string
		code fault.Kind
	}{
		"altered":         {[]string{keep(t, "bad.json", string(bad))}, fault.CheckFailed},
		"another's key":   {[]string{file, "--key", "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, fault.CheckFailed},
		"not a key":       {[]string{file, "--key", "x"}, fault.Usage},
		"not there":       {[]string{file + ".gone"}, fault.NotFound},
		"no file":         {nil, fault.Usage},
		"an audit export": {[]string{keep(t, "audit.jsonl", w.run(t, "--state", state, "audit", "export").out)}, fault.CheckFailed},
	} {
		if got := w.run(t, append([]string{"evidence", "verify"}, c.args...)...); got.code != int(c.code) || got.out != "" {
			t.Errorf("%s: ended with %d, want %d\n%s%s", name, got.code, c.code, got.out, got.err)
		}
	}
	if got := w.run(t, "--state", state, "evidence", "other"); got.code != int(fault.NotFound) {
		t.Errorf("of an instance that is not there: %d", got.code)
	}
}
