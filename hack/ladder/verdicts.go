package main

import (
	"bufio"
	"cmp"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// verdict is what go test says of one test.
type verdict struct {
	step, name, word string // word is PASS, FAIL or SKIP
	why              string // of a SKIP
	took             time.Duration
	inner            bool // it is a part of another test, and its time is that one's, too
}

// verdicts are those of one run of go test -v.
type verdicts struct {
	all   []verdict
	begun []string      // tests, without their parts, in the order in which they began
	tests time.Duration // what the packages took, added up
}

var (
	verdictLine = regexp.MustCompile(`^( *)--- (PASS|FAIL|SKIP): (\S+) \(([0-9.]+)s\)`)
	beginLine   = regexp.MustCompile(`^=== RUN +([^/\s]+)$`)
	packageLine = regexp.MustCompile(`^(?:ok|FAIL)\s+\S+\s+([0-9.]+)s\b`)
	saidLine    = regexp.MustCompile(`^ *(?:[A-Za-z0-9_]+\.go:\d+|left out): (.*)$`)
)

// read understands the output of go test -v. Lines that are longer than a test has any business to print end it.
func read(step string, log io.Reader) (v verdicts, err error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 16<<20)
	said := ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case beginLine.MatchString(line):
			v.begun = append(v.begun, beginLine.FindStringSubmatch(line)[1])
		case verdictLine.MatchString(line):
			m := verdictLine.FindStringSubmatch(line)
			one := verdict{step: step, name: m[3], word: m[2], took: seconds(m[4]), inner: strings.Contains(m[3], "/")}
			if one.word == "SKIP" {
				one.why = said // what a test says last before it is skipped is why
			}
			v.all = append(v.all, one)
		case packageLine.MatchString(line):
			v.tests += seconds(packageLine.FindStringSubmatch(line)[1])
		case saidLine.MatchString(line):
			said = saidLine.FindStringSubmatch(line)[1]
		}
	}
	return v, lines.Err()
}

func seconds(text string) time.Duration {
	s, _ := strconv.ParseFloat(text, 64)
	return time.Duration(s * float64(time.Second))
}

// count tells how many got that word, parts of tests included.
func (v verdicts) count(word string) (n int) {
	for _, one := range v.all {
		if one.word == word {
			n++
		}
	}
	return n
}

// open are the tests that began and got no verdict.
func (v verdicts) open() []string {
	return slices.DeleteFunc(slices.Clone(v.begun), func(name string) bool {
		return slices.ContainsFunc(v.all, func(one verdict) bool { return one.name == name })
	})
}

// missing are those of the tests that never began.
func (v verdicts) missing(tests []string) []string {
	return slices.DeleteFunc(slices.Clone(tests), func(name string) bool { return slices.Contains(v.begun, name) })
}

// slowest are the n tests that took longest, of those that ran.
func slowest(all []verdict, n int) []verdict {
	whole := slices.DeleteFunc(slices.Clone(all), func(one verdict) bool { return one.inner || one.word == "SKIP" })
	slices.SortStableFunc(whole, func(a, b verdict) int { return cmp.Compare(b.took, a.took) })
	return whole[:min(n, len(whole))]
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// testsIn are the names of the tests whose source lies in a directory, in the order in which go test runs them.
func testsIn(dir string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range testFunc.FindAllSubmatch(source, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names, nil
}
