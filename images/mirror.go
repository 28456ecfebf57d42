package images

import (
	"bufio"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Mirror is where Debian's packages come from.
type Mirror struct {
	Main     string // archive of releases and point releases
	Security string
}

// defaultMirror serves hosts whose apt knows no Debian mirror.
var defaultMirror = Mirror{Main: "http://deb.debian.org/debian", Security: "http://deb.debian.org/debian-security"}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

var mirrorForm = regexp.MustCompile(`^(https?|file|copy|mirror\+https?)://?[A-Za-z0-9._~:/@%+-]+$`)

// HostMirror finds the mirror that the host's own apt is set up with, in its sources.list and sources.list.d. An
// operator who runs a mirror of their own, or one without a way out, is served by it here too.
func HostMirror(etcApt fs.FS) Mirror {
	m := defaultMirror
	files, _ := fs.Glob(etcApt, "sources.list.d/*")
	slices.Sort(files)
	foundMain, foundSecurity := false, false
	for _, file := range append([]string{"sources.list"}, files...) {
		content, err := fs.ReadFile(etcApt, file)
		if err != nil {
			continue
		}
		for _, s := range sourcesOf(path.Ext(file), string(content)) {
			if !mirrorForm.MatchString(s.uri) || !slices.Contains(s.components, "main") {
				continue
			}
			switch {
			case !foundSecurity && strings.HasSuffix(s.suite, "-security"):
				m.Security, foundSecurity = strings.TrimSuffix(s.uri, "/"), true
			case !foundMain && slices.Contains(releases, s.suite):
				m.Main, foundMain = strings.TrimSuffix(s.uri, "/"), true
			}
		}
	}
	return m
}

// releases are the suites by which Debian's own archive is told from other vendors'.
var releases = []string{"bookworm", "trixie", "forky", "stable", "testing", "unstable", "sid"}

type source struct {
	uri, suite string
	components []string
}

func sourcesOf(ext, content string) []source {
	if ext == ".sources" {
		return stanzas(content)
	}
	var all []source
	for line := range strings.Lines(content) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		rest, ok := strings.CutPrefix(line, "deb ")
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			_, rest, _ = strings.Cut(rest, "]")
		}
		if f := strings.Fields(rest); len(f) >= 3 {
			all = append(all, source{uri: f[0], suite: f[1], components: f[2:]})
		}
	}
	return all
}

// stanzas reads the deb822 form of sources.
func stanzas(content string) []source {
	var all []source
	fields := map[string][]string{}
	flush := func() {
		if slices.Contains(fields["types"], "deb") && !slices.Contains(fields["enabled"], "no") {
			for _, uri := range fields["uris"] {
				for _, suite := range fields["suites"] {
					all = append(all, source{uri: uri, suite: suite, components: fields["components"]})
				}
			}
		}
		fields = map[string][]string{}
	}
	lines := bufio.NewScanner(strings.NewReader(content))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			flush()
		default:
			if key, value, ok := strings.Cut(line, ":"); ok {
				fields[strings.ToLower(strings.TrimSpace(key))] = strings.Fields(value)
			}
		}
	}
	flush()
	return all
}

// sources renders the mirror for mmdebstrap and apt, one line an archive.
func (m Mirror) sources(suite string) []string {
	signed := " [signed-by=" + keyring + "] "
	return []string{
		"deb" + signed + m.Main + " " + suite + " main",
		"deb" + signed + m.Main + " " + suite + "-updates main",
		"deb" + signed + m.Security + " " + suite + "-security main",
	}
}
