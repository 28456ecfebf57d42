package images

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// source is one archive that the host's apt reads: an address and a suite.
type source struct {
	uri, suite string
	components []string
	signedBy   string // the key that it must be signed with, or ""
}

// hostSources lists what apt reads, in apt's order: sources.list, then the files of sources.list.d by their names.
func hostSources(etcApt fs.FS) []source {
	files, err := fs.Glob(etcApt, "sources.list.d/*")
	if err != nil {
		return nil // the pattern is a constant, and a folder that cannot be Read is none
	}
	slices.Sort(files)
	var all []source
	for _, file := range append([]string{"sources.list"}, files...) {
		content, err := fs.ReadFile(etcApt, file)
		if err != nil {
			continue
		}
		switch path.Ext(file) {
		case ".list":
			all = append(all, lines(string(content))...)
		case ".sources":
			all = append(all, stanzas(string(content))...)
		}
	}
	return all
}

// lines reads the one-line form: deb [options] uri suite components.
func lines(content string) []source {
	var all []source
	for line := range strings.Lines(content) {
		line, _, _ = strings.Cut(line, "#")
		kind, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), " ")
		if kind != "deb" {
			continue
		}
		var signedBy string
		rest = strings.TrimSpace(rest)
		if options, ok := strings.CutPrefix(rest, "["); ok {
			options, rest, _ = strings.Cut(options, "]")
			for option := range strings.FieldsSeq(options) {
				if value, ok := strings.CutPrefix(option, "signed-by="); ok {
					signedBy = value
				}
			}
		}
		if f := strings.Fields(rest); len(f) >= 3 {
			all = append(all, source{uri: f[0], suite: f[1], components: f[2:], signedBy: signedBy})
		}
	}
	return all
}

// no are the words that switch a stanza off.
var no = []string{"no", "false", "without", "off", "disable", "0"}

// stanzas reads the deb822 form: fields, whose values may go on in lines that begin with a blank, and an empty line
// between two stanzas.
func stanzas(content string) []source {
	var all []source
	fields := map[string][]string{}
	flush := func() {
		off := slices.ContainsFunc(fields["enabled"], func(word string) bool { return slices.Contains(no, strings.ToLower(word)) })
		if slices.Contains(fields["types"], "deb") && !off {
			for _, uri := range fields["uris"] {
				for _, suite := range fields["suites"] {
					all = append(all, source{uri, suite, fields["components"], strings.Join(fields["signed-by"], " ")})
				}
			}
		}
		fields = map[string][]string{}
	}
	var key string
	for line := range strings.Lines(content) {
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			flush()
			key = ""
		case line[0] == ' ' || line[0] == '\t':
			fields[key] = append(fields[key], strings.Fields(line)...)
		default:
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				continue
			}
			key = strings.ToLower(strings.TrimSpace(name))
			fields[key] = strings.Fields(value)
		}
	}
	flush()
	return all
}
