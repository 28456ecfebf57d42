package main

import (
	"strings"
	"testing"

	"holm"
)

func TestAHolmThatNobodyTellsItsVersionKnowsIt(t *testing.T) {
	if got := thisBuild().Version; !strings.HasPrefix(got, holm.Number()) {
		t.Errorf("it says %q, and the source is %q", got, holm.Number())
	}
}

func TestTheVersionThatTheLinkerSetsCounts(t *testing.T) {
	defer func(was string) { version = was }(version)
	version = "9.8.7"
	if got := newWorld().run(t, "version", "-o", "name"); got.out != "9.8.7\n" {
		t.Errorf("it says %q", got.out)
	}
}
