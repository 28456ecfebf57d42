package steps

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestTime_WritesALineAStep(t *testing.T) {
	s := Steps{Path: filepath.Join(t.TempDir(), "steps")}
	failed := errors.New("no")
	if err := s.Time("first", func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := s.Time("second", func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("error is %v", err)
	}
	content, err := os.ReadFile(s.Path)
	if want := regexp.MustCompile(`^first \d+\.\d{3} \d+\.\d{3}\nsecond \d+\.\d{3} \d+\.\d{3}\n$`); err != nil || !want.Match(content) {
		t.Errorf("the file holds %q (%v)", content, err)
	}
}

func TestTime_DoesWhatCannotBeWrittenDown(t *testing.T) {
	done := false
	for _, s := range []*Steps{{}, {Path: filepath.Join(t.TempDir(), "no", "steps")}} {
		if err := s.Time("step", func() error { done = true; return nil }); err != nil || !done {
			t.Errorf("done: %v, error: %v", done, err)
		}
	}
}
