package term_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"

	"holm/internal/term"
)

func TestJSONSteersNoTerminal(t *testing.T) {
	hostile := "a\u009bB\u202ec\u200b\U000e0041d\u007f é"
	data, err := term.Encode(term.AsJSON, map[string]string{hostile: hostile})
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.IndexFunc(data, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
		t.Errorf("byte %d of %q", i, data)
	}
	var back map[string]string
	if err := json.Unmarshal(data, &back); err != nil || back[hostile] != hostile {
		t.Errorf("read back it is %q, %v", back, err)
	}
}
