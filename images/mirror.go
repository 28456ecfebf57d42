package images

import (
	"io/fs"
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

var mirrorForm = regexp.MustCompile(`^((mirror\+)?https?://|(file|copy):/)[A-Za-z0-9._~:/@%+-]+$`)

// HostMirror finds the mirror that the host's own apt is set up with, in its sources.list and sources.list.d. An
// operator who runs a mirror of their own, or one without a way out, is served by it here too.
func HostMirror(etcApt fs.FS) Mirror {
	all := hostSources(etcApt)
	m := defaultMirror
	if uri, ok := archive(all, ""); ok {
		m.Main = uri
	}
	if uri, ok := archive(all, "-security"); ok {
		m.Security = uri
	}
	return m
}

// Debian's own archive is told from other vendors' by the names of its suites. Vendors use the codenames when they mean
// Debian's releases, but "stable" for what they please.
var (
	codenames = []string{"bookworm", "trixie", "forky", "sid"}
	aliases   = []string{"oldstable", "stable", "testing", "unstable"}
)

// archive returns the first of the sources that is Debian's own, with that ending of its suites' names; one that says
// "debian" goes before one that does not.
func archive(all []source, ending string) (uri string, ok bool) {
	for _, s := range all {
		suite, ends := strings.CutSuffix(s.suite, ending)
		named := strings.Contains(strings.ToLower(s.uri), "debian")
		switch {
		case !ends || !s.own():
		case named && (slices.Contains(codenames, suite) || slices.Contains(aliases, suite)):
			return strings.TrimSuffix(s.uri, "/"), true
		case !ok && slices.Contains(codenames, suite):
			uri, ok = strings.TrimSuffix(s.uri, "/"), true
		}
	}
	return uri, ok
}

// own tells whether the source can be Debian's own archive: one that names another vendor's key is not.
func (s source) own() bool {
	return mirrorForm.MatchString(s.uri) && slices.Contains(s.components, "main") &&
		(s.signedBy == "" || strings.Contains(s.signedBy, "debian-archive"))
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
