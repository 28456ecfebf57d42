package audit

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"holm/cmd/holm/cli"
	"holm/internal/fault"
)

func TestEvidenceIsSignedAndCheckedElsewhere(t *testing.T) {
	w, state := newWorld(), changed(t)
	made := w.Run(t, "--state", state, "evidence", "web")
	holds := 0
	if !w.Verdict.Holds() {
		holds = int(fault.CheckFailed)
	}
	if made.Code != holds || !strings.Contains(made.Out, `"payloadType": "application/vnd.in-toto+json"`) {
		t.Fatalf("ended with %d\n%s%s", made.Code, made.Out, made.Err)
	}
	file := keep(t, "web.json", made.Out)
	elsewhere := t.TempDir()
	got := w.Run(t, "--state", elsewhere, "evidence", "verify", file, "--any-key")
	if got.Code != 0 || !strings.Contains(got.Out, "signature\tholds, by a key that only the file itself names") || !strings.Contains(got.Out, "instance\tdefault/web 0123456789ab\n") {
		t.Errorf("ended with %d\n%s%s", got.Code, got.Out, got.Err)
	}
	if doc := w.Run(t, "--state", elsewhere, "evidence", "verify", file, "--any-key", "-o", "json"); !strings.Contains(doc.Out, `"_type": "https://in-toto.io/Statement/v1"`) {
		t.Errorf("as JSON: %s", doc.Out)
	}
	if got := w.Run(t, "--state", elsewhere, "evidence", "verify", file); got.Code != int(fault.CheckFailed) || !strings.Contains(got.Err, "nobody said whose key it has to be") {
		t.Errorf("signed by anybody: ended with %d\n%s%s", got.Code, got.Out, got.Err)
	}
	if doc := w.Run(t, "--state", elsewhere, "evidence", "verify", file, "--any-key", "-o", "json"); !strings.Contains(doc.Out, `"holm_version": "`+(&cli.App{}).Build().Version+`"`) {
		t.Errorf("it does not state the holm that \"holm version\" says: %s", doc.Out)
	}
	var signed struct {
		Signatures []struct {
			Key string `json:"keyid"`
		}
	}
	if err := json.Unmarshal([]byte(made.Out), &signed); err != nil {
		t.Fatal(err)
	}
	if got := w.Run(t, "--state", elsewhere, "evidence", "verify", file, "--key", signed.Signatures[0].Key); got.Code != 0 || !strings.Contains(got.Out, "signature\tholds\n") {
		t.Errorf("with its key: ended with %d\n%s%s", got.Code, got.Out, got.Err)
	}
	bad := bytes.Replace([]byte(made.Out), []byte(`"payload": "ey`), []byte(`"payload": "ez`), 1)
	for name, c := range map[string]struct {
		args []string
		code fault.Kind
	}{
		"altered":         {[]string{keep(t, "bad.json", string(bad))}, fault.CheckFailed},
		"another's key":   {[]string{file, "--key", "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, fault.CheckFailed},
		"not a key":       {[]string{file, "--key", "x"}, fault.Usage},
		"not there":       {[]string{file + ".gone"}, fault.NotFound},
		"no file":         {nil, fault.Usage},
		"an audit export": {[]string{keep(t, "audit.jsonl", w.Run(t, "--state", state, "audit", "export").Out)}, fault.CheckFailed},
	} {
		if got := w.Run(t, append([]string{"evidence", "verify"}, c.args...)...); got.Code != int(c.code) || got.Out != "" {
			t.Errorf("%s: ended with %d, want %d\n%s%s", name, got.Code, c.code, got.Out, got.Err)
		}
	}
	if got := w.Run(t, "--state", state, "evidence", "other"); got.Code != int(fault.NotFound) {
		t.Errorf("of an instance that is not there: %d", got.Code)
	}
}
