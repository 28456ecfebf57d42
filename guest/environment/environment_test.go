package environment

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
)

func pemFile(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// whole has something of everything.
func whole(t testing.TB) report.Environment {
	t.Helper()
	return report.Environment{
		Nameservers: []netip.Addr{netip.MustParseAddr("198.51.100.53"), netip.MustParseAddr("2001:db8::53")},
		Search:      []string{"example.org", "corp.example.net"},
		Hosts: []report.HostName{
			{Address: netip.MustParseAddr("10.77.0.11"), Names: []string{"db", "db.acme.holm"}},
			{Address: netip.MustParseAddr("fd00::11"), Names: []string{"localhost", "db", "a.LocalHost"}},
			{Address: netip.MustParseAddr("fd00::12"), Names: []string{"localhost"}},
		},
		Certificates: []string{pemFile(t, "ca.pem"), pemFile(t, "second-ca.pem")},
		Mirrors:      []string{"https://mirror.example.org:5000"},
		Proxy: &report.Proxy{
			HTTP: "http://ops:s%40cret@proxy.example.org:3128", HTTPS: "http://ops:s%40cret@proxy.example.org:3128/",
			Not: []string{".example.org", "10.77.0.0/24", "db", "198.51.100.7", "*.corp.example:8080"},
		},
		TimeServers: []string{"ntp.example.org", "198.51.100.123", "2001:db8::123"},
	}
}

func TestAnEnvironmentThatHasEverythingHolds(t *testing.T) {
	if err := Check(whole(t)); err != nil {
		t.Error(err)
	}
	if err := Check(report.Environment{}); err != nil {
		t.Errorf("one that has nothing: %v", err)
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	addr := netip.MustParseAddr
	for name, change := range map[string]func(e *report.Environment){
		"four name servers":              func(e *report.Environment) { e.Nameservers = make([]netip.Addr, 4) },
		"no address":                     func(e *report.Environment) { e.Nameservers = make([]netip.Addr, 1) },
		"the resolver itself":            func(e *report.Environment) { e.Nameservers = []netip.Addr{addr("127.0.0.53")} },
		"an address of one link":         func(e *report.Environment) { e.Nameservers = []netip.Addr{addr("fe80::1%eth0")} },
		"everybody":                      func(e *report.Environment) { e.Nameservers = []netip.Addr{addr("224.0.0.251")} },
		"IPv4 in IPv6's clothes":         func(e *report.Environment) { e.Nameservers = []netip.Addr{addr("::ffff:198.51.100.1")} },
		"seven search domains":           func(e *report.Environment) { e.Search = make([]string, 7) },
		"a search domain of two lines":   func(e *report.Environment) { e.Search = []string{"a\nDNS=1.2.3.4"} },
		"a search domain that routes":    func(e *report.Environment) { e.Search = []string{"~."} },
		"a label of 64":                  func(e *report.Environment) { e.Search = []string{strings.Repeat("a", 64)} },
		"a name of 254":                  func(e *report.Environment) { e.Search = []string{strings.Repeat("a.", 126) + "aa"} },
		"a name that ends in a dash":     func(e *report.Environment) { e.Search = []string{"a-.b"} },
		"a host without a name":          func(e *report.Environment) { e.Hosts[0].Names = nil },
		"a host of many names":           func(e *report.Environment) { e.Hosts[0].Names = make([]string, MaxNames+1) },
		"too many hosts":                 func(e *report.Environment) { e.Hosts = make([]report.HostName, MaxHosts+1) },
		"a host that is this machine":    func(e *report.Environment) { e.Hosts[0].Address = addr("127.0.0.1") },
		"a name that is an address":      func(e *report.Environment) { e.Hosts[0].Names = []string{"10.1"} },
		"a name with a comment":          func(e *report.Environment) { e.Hosts[0].Names = []string{"db # x"} },
		"seventeen certificates":         func(e *report.Environment) { e.Certificates = make([]string, MaxCertificates+1) },
		"no certificate":                 func(e *report.Environment) { e.Certificates = []string{"trust me"} },
		"two in one":                     func(e *report.Environment) { e.Certificates = []string{e.Certificates[0] + e.Certificates[1]} },
		"a certificate that is too long": func(e *report.Environment) { e.Certificates[0] = strings.Repeat(" ", maxPEM) + e.Certificates[0] },
		"a key": func(e *report.Environment) {
			e.Certificates[0] = strings.ReplaceAll(e.Certificates[0], "CERTIFICATE", "PRIVATE KEY")
		},
		"too many mirrors":                func(e *report.Environment) { e.Mirrors = make([]string, MaxMirrors+1) },
		"a mirror with a path":            func(e *report.Environment) { e.Mirrors = []string{"https://m.example.org/v2/"} },
		"a mirror with a password":        func(e *report.Environment) { e.Mirrors = []string{"https://a:b@m.example.org"} },
		"a mirror that is a file":         func(e *report.Environment) { e.Mirrors = []string{"file://m.example.org"} },
		"a proxy without a URL":           func(e *report.Environment) { e.Proxy = &report.Proxy{} },
		"a proxy that a shell would run":  func(e *report.Environment) { e.Proxy.HTTP = "http://$(reboot):1" },
		"a proxy of two lines":            func(e *report.Environment) { e.Proxy.HTTP = "http://a\nPATH=/x" },
		"a proxy with a quote":            func(e *report.Environment) { e.Proxy.HTTP = `http://a"b:1` },
		"a proxy without a host":          func(e *report.Environment) { e.Proxy.HTTP = "http://:3128" },
		"a proxy of another kind":         func(e *report.Environment) { e.Proxy.HTTPS = "socks5://a:1" },
		"an endless proxy":                func(e *report.Environment) { e.Proxy.HTTPS = "http://" + strings.Repeat("a", maxURL) },
		"a proxy on a port that is none":  func(e *report.Environment) { e.Proxy.HTTPS = "http://a:b:c" },
		"an exception of two":             func(e *report.Environment) { e.Proxy.Not = []string{"a,b"} },
		"too many exceptions":             func(e *report.Environment) { e.Proxy.Not = make([]string, MaxNot+1) },
		"a time server that is two":       func(e *report.Environment) { e.TimeServers = []string{"a b"} },
		"a time server that is a setting": func(e *report.Environment) { e.TimeServers = []string{"a\nFallbackNTP=b"} },
		"too many time servers":           func(e *report.Environment) { e.TimeServers = make([]string, MaxTimeServers+1) },
	} {
		e := whole(t)
		change(&e)
		if Check(e) == nil {
			t.Errorf("%s went through", name)
		}
	}
}

func TestARefusalDoesNotRepeatThePassword(t *testing.T) {
	e := whole(t)
	for _, url := range []string{"http://ops:s3cret@a b", "http://ops:s3cret@:1", "ftp://ops:s3cret@a"} {
		e.Proxy.HTTP = url
		if err := Check(e); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestTheResolverIsToldServersAndDomains(t *testing.T) {
	for name, c := range map[string]struct {
		e    report.Environment
		want string
	}{
		"both": {
			whole(t), "[Resolve]\nDNS=198.51.100.53 2001:db8::53\nDomains=~. example.org corp.example.net\n",
		},
		"domains alone": {report.Environment{Search: []string{"a"}}, "[Resolve]\nDomains=a\n"},
		"nothing":       {report.Environment{}, ""},
	} {
		got, err := Resolved(c.e)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q (%v)", name, got, err)
		}
	}
}

func TestTheClockIsToldItsServers(t *testing.T) {
	got, err := Timesyncd(whole(t))
	if want := "[Time]\nNTP=ntp.example.org 198.51.100.123 2001:db8::123\n"; err != nil || string(got) != want {
		t.Errorf("%q (%v)", got, err)
	}
	if got, err := Timesyncd(report.Environment{}); err != nil || got != nil {
		t.Errorf("told nothing: %q (%v)", got, err)
	}
}

// What the owner has in a file stays, wherever it stands.
func TestTheOwnersLinesStay(t *testing.T) {
	const own = "127.0.0.1 localhost\n192.0.2.1 mine # not holm's"
	e := whole(t)
	told := string(Hosts([]byte(own), e))
	want := own + "\n" + blockBegins + "10.77.0.11 db db.acme.holm\nfd00::11 db\n" + blockEnds
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if again := string(Hosts([]byte(told), e)); again != want {
		t.Errorf("told twice: %q", again)
	}
	if diff := cmp.Diff(own+"\nbehind\n", string(Hosts([]byte(told+"behind\n"), report.Environment{}))); diff != "" {
		t.Errorf("told nothing (-want +got):\n%s", diff)
	}
	if got := string(Hosts([]byte(own), report.Environment{})); got != own {
		t.Errorf("a file without a block became %q", got)
	}
	if got := string(Hosts([]byte(own+"\n"+blockBegins+"10.0.0.1 half\n"), report.Environment{})); got != own+"\n10.0.0.1 half\n" {
		t.Errorf("a block that somebody cut became %q", got)
	}
}

func TestSessionsLearnOfTheProxyInBothCases(t *testing.T) {
	got, err := Session([]byte("DOCKER_HOST=unix:///x\n"), report.Environment{Proxy: &report.Proxy{HTTP: "http://p:1", Not: []string{".a"}}})
	if err != nil {
		t.Fatal(err)
	}
	const not = `"localhost,127.0.0.0/8,::1,.a"`
	want := "DOCKER_HOST=unix:///x\n" + blockBegins + "http_proxy=\"http://p:1\"\nHTTP_PROXY=\"http://p:1\"\n" +
		"no_proxy=" + not + "\nNO_PROXY=" + not + "\n" + blockEnds
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := EncodeVariables([]Variable{{"a", "b\nPATH=/x"}}); err == nil {
		t.Error("a value of two lines went through")
	}
}

// The numbers are those that "openssl x509 -subject_hash" says.
func TestSubjectsHaveOpenSSLsHash(t *testing.T) {
	for name, want := range map[string]uint32{"ca.pem": 0xccb5f6bb, "second-ca.pem": 0xced62998} {
		c, err := parseCertificate("# a word before\n" + pemFile(t, name))
		if err != nil || c.Hash != want {
			t.Errorf("%s: %08x (%v), want %08x", name, c.Hash, err, want)
		}
		if string(c.PEM) != pemFile(t, name) {
			t.Errorf("%s is not what it was", name)
		}
	}
}

func TestTheBundleLosesWhatIsNotToldAnyMore(t *testing.T) {
	all, err := Certificates(whole(t))
	if err != nil {
		t.Fatal(err)
	}
	debian := []byte("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n")
	both := Bundle(debian, all)
	if strings.Count(string(both), "BEGIN CERTIFICATE") != 3 {
		t.Errorf("bundle is %s", both)
	}
	if one := Bundle(both, all[:1]); strings.Contains(string(one), string(all[1].PEM)) || !strings.Contains(string(one), string(all[0].PEM)) {
		t.Errorf("with one it is %s", one)
	}
	if none := Bundle(both, nil); string(none) != string(debian) {
		t.Errorf("with none it is %s", none)
	}
}

func TestK3sIsToldMirrorsUnlessItsOwnerSaysThem(t *testing.T) {
	e := whole(t)
	got, err := Registries(nil, e)
	want := registriesHead + `{"mirrors":{"docker.io":{"endpoint":["https://mirror.example.org:5000"]}}}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%q (%v)", got, err)
	}
	if got, err := Registries(got, report.Environment{}); err != nil || got != nil {
		t.Errorf("told no mirrors, the file is %q (%v)", got, err)
	}
	if got, err := Registries([]byte("mirrors: {}\n"), e); err != nil || string(got) != "mirrors: {}\n" {
		t.Errorf("the owner's file became %q (%v)", got, err)
	}
	if got := fmt.Sprint(K3sVariables(report.Environment{Proxy: &report.Proxy{HTTPS: "http://p:1"}})); got !=
		"[{CONTAINERD_HTTPS_PROXY http://p:1} {CONTAINERD_NO_PROXY localhost,127.0.0.0/8,::1,10.42.0.0/16,10.43.0.0/16,.svc,.cluster.local}]" {
		t.Error(got)
	}
}

// Whatever is taken, every file can be written from it, and says no more than was told.
func FuzzEnvironment(f *testing.F) {
	seed, err := json.Marshal(whole(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"nameservers":["::"],"search":["a\n"],"proxy":{"http":"http://a"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e report.Environment
		if json.Unmarshal(text, &e) != nil || Check(e) != nil {
			return
		}
		for name, write := range map[string]func() ([]byte, error){
			"resolver": func() ([]byte, error) { return Resolved(e) },
			"clock":    func() ([]byte, error) { return Timesyncd(e) },
			"session":  func() ([]byte, error) { return Session(nil, e) },
			"k3s":      func() ([]byte, error) { return EncodeVariables(K3sVariables(e)) },
			"mirrors":  func() ([]byte, error) { return Registries(nil, e) },
			"docker":   func() ([]byte, error) { return ForDocker(e).Daemon([]byte("{}")) },
		} {
			content, err := write()
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if strings.Count(string(content), "\n") > 20+2*len(e.Mirrors)+len(e.Search) {
				t.Errorf("%s has lines of its own: %q", name, content)
			}
		}
		if lines := strings.Count(string(Hosts(nil, e)), "\n"); lines > len(e.Hosts)+2 {
			t.Errorf("hosts has %d lines for %d", lines, len(e.Hosts))
		}
	})
}
