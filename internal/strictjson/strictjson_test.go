package strictjson

import "testing"

func TestWhatDoesNotReadBackIsNotWritten(t *testing.T) {
	type lossy struct {
		Kept string
		Lost string `json:"-"`
	}
	if _, err := Encode(lossy{Kept: "a", Lost: "b"}); err == nil {
		t.Error("JSON that lacks a value went through")
	}
	if _, err := Encode(lossy{Kept: "bytes that are not UTF-8: \xff"}); err == nil {
		t.Error("JSON that changes a value went through")
	}
	if text, err := Encode(lossy{Kept: "a"}); err != nil || string(text) != "{\"Kept\":\"a\"}\n" {
		t.Errorf("got %q, %v", text, err)
	}
}
