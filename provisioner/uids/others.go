package uids

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// maxLines bounds what is read of one file: hosts with a hundred thousand accounts keep them elsewhere.
const maxLines = 1 << 20

// Others are the users and groups of which the files of etc ("/etc") tell: accounts, and what accounts may hand on to
// containers. A file that is not there tells of none.
func Others(etc fs.FS) ([]Claim, error) {
	var all []Claim
	for _, file := range []struct {
		name   string
		ranges bool // NAME:FIRST:COUNT; else NAME:x:NUMBER:…
	}{{"passwd", false}, {"group", false}, {"subuid", true}, {"subgid", true}} {
		text, err := fs.ReadFile(etc, file.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		claims, err := parse(string(text), "/etc/"+file.name, file.ranges)
		if err != nil {
			return nil, err
		}
		all = append(all, claims...)
	}
	return all, nil
}

func parse(text, file string, ranges bool) ([]Claim, error) {
	var claims []Claim
	number := 0
	for line := range strings.Lines(text) {
		if number++; number > maxLines {
			return nil, fmt.Errorf("%s has more than %d lines", file, maxLines)
		}
		line = strings.TrimSpace(line)
		fields := strings.Split(line, ":")
		// What glibc does not read as an account is none: a comment, or the "+" of NIS.
		if line == "" || line[0] == '#' || line[0] == '+' || line[0] == '-' || len(fields) < 3 {
			continue
		}
		at, count := fields[2], "1"
		if ranges {
			at, count = fields[1], fields[2]
		}
		first, errFirst := strconv.ParseUint(at, 10, 32)
		size, errSize := strconv.ParseUint(count, 10, 32)
		if errFirst != nil || errSize != nil {
			return nil, fmt.Errorf("%s, line %d: no number in %.40q", file, number, line)
		}
		if size > 0 {
			claims = append(claims, Claim{Range{int(first), int(first + size - 1)}, fmt.Sprintf("%s, %.32q", file, fields[0])})
		}
	}
	return claims, nil
}
