package nft

import "testing"

func TestARuleThatComparesWithNothingIsNotWritten(t *testing.T) {
	var r Ruleset
	r.Rule(Table{Family: "inet", Name: "holm"}, "input", Is("==", Incoming()))
	if text, err := r.Encode(); err == nil {
		t.Errorf("it was: %s", text)
	}
}
