package images

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// etcApt makes a folder like /etc/apt out of names and contents.
func etcApt(files map[string]string) fs.FS {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return all
}

func TestHostMirrorIsTheOneOfTheHostsOwnApt(t *testing.T) {
	ours := Mirror{Main: "http://mirror.example/debian", Security: "http://mirror.example/debian-security"}
	for name, c := range map[string]struct {
		files map[string]string
		want  Mirror
	}{
		"nothing at all": {nil, defaultMirror},
		"one-line lists": {map[string]string{
			"sources.list": `
deb http://mirror.example/debian bookworm main contrib
deb-src http://source.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb http://mirror.example/debian bookworm-updates main`,
		}, ours},
		"tabs and many blanks": {map[string]string{
			"sources.list": "deb\thttp://mirror.example/debian/\t trixie \t main\n  deb   http://mirror.example/debian-security/ trixie-security main # ours",
		}, ours},
		"options in brackets": {map[string]string{
			"sources.list": `
deb [arch=amd64,i386 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian trixie main
deb [ trusted=no ] http://mirror.example/debian-security trixie-security main`,
		}, ours},
		"deb822": {map[string]string{
			"sources.list.d/debian.sources": `Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: trixie trixie-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

types: deb
uris: http://mirror.example/debian-security/
suites: trixie-security
components: main
`,
		}, ours},
		"deb822 over several lines": {map[string]string{
			"sources.list.d/debian.sources": `Types: deb
# which one, see below
URIs:
 http://mirror.example/debian
# a comment in between
 http://second.example/debian
Suites:
	trixie
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: trixie-security
Components: main`,
		}, ours},
		"a stanza that is switched off": {map[string]string{
			"sources.list.d/debian.sources": `Enabled: no
Types: deb
URIs: http://old.example/debian
Suites: trixie
Components: main

Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main

Types: deb
URIs: http://old.example/debian-security
Suites: trixie-security
Components: main
Enabled: False`,
		}, Mirror{Main: ours.Main, Security: defaultMirror.Security}},
		"ports, users and files": {map[string]string{
			"sources.list": `
deb http://user:secret@mirror.example:3142/debian trixie main
deb file:/srv/mirror/debian-security trixie-security main`,
		}, Mirror{"http://user:secret@mirror.example:3142/debian", "file:/srv/mirror/debian-security"}},
		"a mirror that is not called after Debian": {map[string]string{
			"sources.list": "deb https://apt.corp.example/os trixie main\ndeb https://apt.corp.example/os-fixes trixie-security main",
		}, Mirror{"https://apt.corp.example/os", "https://apt.corp.example/os-fixes"}},
		"only the main archive": {map[string]string{
			"sources.list": "deb http://mirror.example/debian stable main",
		}, Mirror{Main: ours.Main, Security: defaultMirror.Security}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, HostMirror(etcApt(c.files))); diff != "" {
				t.Errorf("mirror (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostMirrorIsDebiansWhereTheHostHasNone(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"Ubuntu": {"sources.list.d/ubuntu.sources": `Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-backports
Components: main restricted universe multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.ubuntu.com/ubuntu/
Suites: noble-security
Components: main restricted
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`},
		"Ubuntu's lists": {"sources.list": `
deb http://archive.ubuntu.com/ubuntu jammy main restricted
deb http://security.ubuntu.com/ubuntu jammy-security main restricted`},
		"a vendor's stable":             {"sources.list.d/chrome.list": "deb [arch=amd64] https://dl.google.com/linux/chrome/deb/ stable main"},
		"a vendor's release for trixie": {"sources.list.d/v.list": "deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://apt.vendor.example trixie main"},
		"a vendor's path like Debian's": {"sources.list.d/v.sources": "Types: deb\nURIs: https://vendor.example/debian/\nSuites: trixie\nComponents: main\nSigned-By: /etc/apt/keyrings/vendor.gpg"},
		"a vendor's key in the file": {"sources.list.d/v.sources": `Types: deb
URIs: https://vendor.example/debian/
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 Comment: vendor
 .
 mQENBF
 -----END PGP PUBLIC KEY BLOCK-----`},
		"only sources of packages":       {"sources.list": "deb-src http://mirror.example/debian trixie main"},
		"no main in it":                  {"sources.list": "deb http://mirror.example/debian trixie contrib non-free"},
		"comments":                       {"sources.list": "# deb http://mirror.example/debian trixie main"},
		"a suite that ends in a slash":   {"sources.list": "deb http://mirror.example/debian ./"},
		"a file that apt does not read":  {"sources.list.d/debian.list.save": "deb http://old.example/debian trixie main", "sources.list.d/debian.sources.bak": "Types: deb\nURIs: http://old.example/debian\nSuites: trixie\nComponents: main"},
		"a CD":                           {"sources.list": "deb cdrom:[Debian_13]/ trixie main"},
		"an address with a shell's word": {"sources.list": "deb http://mirror.example/debian$(id) trixie main"},
		"an address that is an option":   {"sources.list": "deb --mode=chrootless trixie main"},
		"an address with a bracket":      {"sources.list": "deb http://mirror.example/debian[x] trixie main"},
		"an unfinished bracket":          {"sources.list": "deb [arch=amd64 http://mirror.example/debian trixie main"},
		"half a line":                    {"sources.list": "deb http://mirror.example/debian"},
		"a stanza without suites":        {"sources.list.d/x.sources": "Types: deb\nURIs: http://mirror.example/debian\nComponents: main"},
		"lines without fields":           {"sources.list.d/x.sources": " http://mirror.example\nwhat\n\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(defaultMirror, HostMirror(etcApt(files))); diff != "" {
				t.Errorf("mirror (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostMirrorPrefersDebiansOwnToAVendorsWhoseFileComesFirst(t *testing.T) {
	got := HostMirror(etcApt(map[string]string{
		"sources.list.d/brave.list":     "deb [signed-by=/usr/share/keyrings/brave.gpg] https://brave.example/ stable main",
		"sources.list.d/a-vendor.list":  "deb https://apt.vendor.example/ trixie main",
		"sources.list.d/debian.sources": "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main",
	}))
	if want := "http://mirror.example/debian"; got.Main != want {
		t.Errorf("mirror is %q, want %q", got.Main, want)
	}
}

func TestAMirrorIsReadWithDebiansKeyAlone(t *testing.T) {
	want := []string{
		"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian trixie main",
		"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian trixie-updates main",
		"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/security trixie-security main",
	}
	if diff := cmp.Diff(want, Mirror{Main: "http://m/debian", Security: "http://m/security"}.sources("trixie")); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}
