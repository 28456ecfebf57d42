package agent

import (
	"encoding/json"
	"errors"
	"slices"
	"unicode"

	"holm/guest/report"
)

// How long texts may be, in runes.
const (
	mostNote = 1000
	mostText = 300 // what a check tried, what it found
)

// encode makes one line of a report, its end included, that is no longer than report.MaxLine. Where it would be, the
// texts of all checks are cut shorter, and subjects of capabilities are left out from the end and counted.
func encode(r report.Report) ([]byte, error) {
	for most := mostText; ; most /= 2 {
		line, err := json.Marshal(shorten(r, most))
		switch {
		case err != nil:
			return nil, err
		case len(line) < report.MaxLine:
			return append(line, '\n'), nil
		case most == 0:
			return nil, errors.New("the answer is too long for a line")
		}
	}
}

// shorten returns the report with texts of at most so many runes, and with so many parts of mostText of its subjects.
// What it was made of stays as it is.
func shorten(r report.Report, most int) report.Report {
	r.Note = oneLine(r.Note, mostNote)
	r.Checks = slices.Clone(r.Checks)
	for i, c := range r.Checks {
		r.Checks[i].Tried, r.Checks[i].Found = oneLine(c.Tried, most), oneLine(c.Found, most)
	}
	if r.Capabilities != nil {
		kept := *r.Capabilities
		n := len(kept.Subject) * most / mostText
		kept.Dropped += len(kept.Subject) - n
		kept.Subject = kept.Subject[:n]
		r.Capabilities = &kept
	}
	return r
}

// oneLine keeps a text short and on one line, as the report's fields promise.
func oneLine(s string, most int) string {
	out := make([]rune, 0, min(len(s), most))
	for _, r := range s {
		if unicode.IsControl(r) {
			r = ' '
		}
		if len(out) == most {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
