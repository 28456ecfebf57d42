package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEachCheckHasAVerdict(t *testing.T) {
	shell := func(name, script string) check { return check{name, []string{"sh", "-c", script}} }
	var log, shown strings.Builder
	err := runChecks(t.Context(), []check{
		shell("vet", "echo chatter"),
		shell("lint", "echo x.go:1:2: it is ugly; exit 1"),
		shell("vuln", "echo left out: there is no network"),
		shell("scripts", "echo left out: shellcheck is not installed; exit 1"),
	}, &log, &shown)
	if err == nil || !strings.Contains(err.Error(), "lint") || !strings.Contains(err.Error(), "scripts") || strings.Contains(err.Error(), "vuln") {
		t.Errorf("failed is %v", err)
	}
	v, bad := read("check", strings.NewReader(log.String()))
	if bad != nil {
		t.Fatal(bad)
	}
	got := map[string]string{}
	for _, one := range v.all {
		got[one.name] = one.word + " " + one.why
	}
	want := map[string]string{"vet": "PASS ", "lint": "FAIL ", "vuln": "SKIP there is no network", "scripts": "FAIL "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(shown.String(), "left out: there is no network\n") {
		t.Errorf("that one was left out is not shown: %q", shown.String())
	}
	var told strings.Builder
	if err := complaint(&told, "check", strings.NewReader(log.String())); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told.String(), "it is ugly") || strings.Contains(told.String(), "chatter") {
		t.Errorf("told is %q", told.String())
	}
}

func TestTheSummaryHasTheTimesOfTheChecksAndWhatWasLeftOut(t *testing.T) {
	var out strings.Builder
	c := climb{out: &out, ran: []took{{name: "check", verdict: "passed"}}}
	c.tests = []verdict{
		{step: "check", name: "lint", word: "PASS", took: 45 * time.Second},
		{step: "check", name: "vuln", word: "SKIP", why: "there is no network"},
	}
	c.summary()
	for _, want := range []string{"  LEFT OUT vuln: there is no network\n", "       45 s    lint: PASS\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in it:\n%s", want, out.String())
		}
	}
}

func TestChecksThatAreCutOffGetNoVerdict(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	end()
	var log strings.Builder
	if err := runChecks(ctx, []check{{"vet", []string{"sleep", "100"}}}, &log, io.Discard); err == nil {
		t.Error("it ended well")
	}
	v, err := read("check", strings.NewReader(log.String()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"vet"}, v.open()); diff != "" {
		t.Errorf("in the middle of (-want +got):\n%s", diff)
	}
}
