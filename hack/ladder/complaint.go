package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

var (
	routine  = regexp.MustCompile(`^ *(=== (RUN|PAUSE|CONT|NAME)|--- (PASS|SKIP))|no test files`)
	turnLine = regexp.MustCompile(`^=== (?:RUN|CONT|NAME) +([^/\s]+)`)
	failLine = regexp.MustCompile(`^--- FAIL: (\S+)`)
	endLine  = regexp.MustCompile(`^(ok|FAIL|\?)\s+\S`)
)

// spoken are the lines of one package.
type spoken struct {
	all    []string
	of     map[string][]string // by test, parts included; "" are those of no test
	failed []string            // tests
	turn   string              // whose lines these are
}

func (s *spoken) hear(line string) {
	if m := turnLine.FindStringSubmatch(line); m != nil {
		s.turn = m[1]
	}
	if m := failLine.FindStringSubmatch(line); m != nil {
		s.failed = append(s.failed, m[1])
		s.turn = m[1]
	}
	if strings.TrimSpace(line) == "FAIL" {
		s.turn = ""
	}
	if routine.MatchString(line) {
		return
	}
	s.all = append(s.all, line)
	if s.of == nil {
		s.of = map[string][]string{}
	}
	s.of[s.turn] = append(s.of[s.turn], line)
}

// worth are the lines that tell why the package failed: those of the tests that did, or all of them when none did.
func (s *spoken) worth() []string {
	if len(s.failed) == 0 {
		return s.all
	}
	var lines []string
	for _, test := range s.failed {
		lines = append(lines, s.of[test]...)
	}
	return append(lines, s.of[""]...)
}

// complaint prints what the tests said that failed, package by package. What was not brought to an end has failed, too.
func complaint(out io.Writer, step string, log io.Reader) error {
	_, _ = fmt.Fprintf(out, "\n   %s failed; what the tests said:\n", step)
	content, err := io.ReadAll(log)
	var one spoken
	tell := func() {
		for _, line := range one.worth() {
			_, _ = io.WriteString(out, line)
		}
		one = spoken{}
	}
	for line := range strings.Lines(string(content)) {
		end := endLine.FindStringSubmatch(line)
		switch {
		case end == nil:
			one.hear(line)
		case end[1] == "FAIL":
			one.turn = ""
			one.hear(line)
			tell()
		default:
			one = spoken{}
		}
	}
	tell()
	return err
}
