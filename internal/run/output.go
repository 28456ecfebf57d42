package run

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
)

// maxLine is how much of a line of stderr an error repeats, in bytes.
const maxLine = 500

var errOverflow = errors.New("too much output")

// output collects what a program prints, and refuses more than limit bytes. The buffer is not embedded: io.Copy would
// find its ReadFrom and go round the limit.
type output struct {
	buffer    bytes.Buffer
	limit     int
	overflown bool
}

// Write fails once there is too much, which makes the program's next write fail as well.
func (o *output) Write(p []byte) (int, error) {
	if o.buffer.Len()+len(p) > o.limit {
		o.overflown = true
		return 0, errOverflow
	}
	return o.buffer.Write(p)
}

// tail keeps the last limit bytes.
type tail struct {
	kept  []byte
	limit int
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	p = p[max(0, n-t.limit):]
	over := max(0, len(t.kept)+len(p)-t.limit)
	t.kept = append(t.kept[over:], p...)
	return n, nil
}

func (t *tail) String() string { return string(t.kept) }

// lastLine is the last line that says something, fit to be printed: a terminal must not obey what a program repeats
// of its hostile input.
func lastLine(text string) string {
	line := ""
	for candidate := range strings.Lines(text) {
		// A program that draws a progress bar overwrites its line; what remains visible is what comes last.
		candidate = strings.TrimRight(candidate, "\r\n")
		candidate = candidate[strings.LastIndexByte(candidate, '\r')+1:]
		if c := strings.TrimSpace(strings.Map(printable, candidate)); c != "" {
			line = c
		}
	}
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "") + "…"
	}
	return line
}

func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !unicode.IsPrint(r):
		return -1
	default:
		return r
	}
}
