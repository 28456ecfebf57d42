package environment

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
	"holm/internal/fault"
	"holm/provisioner/model"
)

// authority is a CA of that name, in PEM.
func authority(t testing.TB, name string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestTheNearestSettingHoldsAndCertificatesAddUp(t *testing.T) {
	found := Resolver{Servers: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, Search: []string{"found.example"}}
	env := func(server string) model.Environment {
		return model.Environment{Nameservers: []string{server}, Certificates: []string{"cert of " + server}}
	}
	for name, c := range map[string]struct {
		instance, tenant, host model.Environment
		six                    bool
		want                   string
	}{
		"nothing is set":                 {want: "servers [192.0.2.1] found, search [found.example] found, certificates [] , dropped 1"},
		"an instance with IPv6":          {six: true, want: "servers [192.0.2.1 2001:db8::1] found, search [found.example] found, certificates [] , dropped 0"},
		"the host's":                     {host: env("192.0.2.2"), want: "servers [192.0.2.2] host, search [found.example] found, certificates [cert of 192.0.2.2] host, dropped 0"},
		"the tenant's before the host's": {tenant: env("192.0.2.3"), host: env("192.0.2.2"), want: "servers [192.0.2.3] tenant, search [found.example] found, certificates [cert of 192.0.2.2 cert of 192.0.2.3] host, tenant, dropped 0"},
		"the instance's before all":      {instance: env("192.0.2.4"), tenant: env("192.0.2.3"), host: env("192.0.2.2"), want: "servers [192.0.2.4] instance, search [found.example] found, certificates [cert of 192.0.2.2 cert of 192.0.2.3 cert of 192.0.2.4] host, tenant, instance, dropped 0"},
		"none is none":                   {tenant: model.Environment{Nameservers: []string{"none"}, Search: []string{"none"}}, host: model.Environment{Nameservers: []string{"192.0.2.2"}}, want: "servers [] tenant, search [] tenant, certificates [] , dropped 0"},
	} {
		t.Run(name, func(t *testing.T) {
			f := Merge(c.instance, c.tenant, c.host, found, c.six)
			got := fmt.Sprintf("servers %v %s, search %v %s, certificates %v %s, dropped %d", f.Nameservers, f.From[Nameservers],
				f.Search, f.From[Search], f.Certificates, f.From[Certificates], len(f.Dropped))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatCannotBeToldIsRefusedWithTheValue(t *testing.T) {
	list := func(words ...string) *[]string { return &words }
	word := func(text string) *string { return &text }
	for name, c := range map[string]struct {
		change Change
		says   string
	}{
		"a name server by name":            {Change{Nameservers: list("dns.example")}, `name server "dns.example" is not allowed`},
		"a name server on loopback":        {Change{Nameservers: list("127.0.0.53")}, `"127.0.0.53"`},
		"a name server of one link":        {Change{Nameservers: list("fe80::1%eth0")}, `"fe80::1%eth0"`},
		"four name servers":                {Change{Nameservers: list("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")}, "4 name servers are too many: at most 3"},
		"none and another":                 {Change{Nameservers: list("none", "192.0.2.1")}, `"none"`},
		"a search domain with a space":     {Change{Search: list("a b")}, `search domain "a b"`},
		"seven search domains":             {Change{Search: list("a", "b", "c", "d", "e", "f", "g")}, "at most 6"},
		"a mirror without its scheme":      {Change{Mirrors: list("mirror.example")}, `registry mirror "mirror.example"`},
		"a mirror with a user":             {Change{Mirrors: list("https://u:hunter2@mirror.example")}, `"...@mirror.example"`},
		"a mirror on the guest itself":     {Change{Mirrors: list("http://localhost:5000")}, `localhost`},
		"a time server by a mistyped one":  {Change{TimeServers: list("192.0.2.256")}, `"192.0.2.256"`},
		"a proxy on loopback":              {Change{HTTP: word("http://u:hunter2@127.0.0.1:3128")}, `"...@127.0.0.1:3128"`},
		"a proxy of another protocol":      {Change{HTTPS: word("socks5://proxy.example")}, `socks5`},
		"a proxy with a line break":        {Change{HTTP: word("http://proxy.example\nX=1")}, `not allowed`},
		"a proxy with a quote":             {Change{HTTP: word(`http://u:hunter2"@proxy.example`)}, `"...@proxy.example"`},
		"a proxy at a path":                {Change{HTTP: word(`http://proxy.example/x`)}, `not allowed`},
		"an exception with a space":        {Change{NotProxied: list("a b")}, `exception from the proxy "a b"`},
		"a certificate that is not there":  {Change{RemoveCertificates: []string{"00112233"}}, `"00112233"`},
		"a fingerprint of too few digits":  {Change{RemoveCertificates: []string{"0011"}}, `"0011" is no fingerprint`},
		"a fingerprint that is no number":  {Change{RemoveCertificates: []string{"corp root"}}, `"corp root" is no fingerprint`},
		"seventeen certificates":           {Change{AddCertificates: strings.Split("a b c d e f g h i j k l m n o p q", " ")}, "17 certificates are too many"},
		"certificates beyond what is told": {Change{AddCertificates: []string{strings.Repeat("x", 33<<10)}}, "too large: at most 32768"},
	} {
		t.Run(name, func(t *testing.T) {
			e := model.Environment{Nameservers: []string{"192.0.2.9"}}
			err := c.change.Apply(&e)
			if err == nil || !strings.Contains(err.Error(), c.says) || fault.RemedyOf(err) == "" {
				t.Errorf("got %v → %q, want %q", err, fault.RemedyOf(err), c.says)
			}
			if err != nil && strings.Contains(err.Error()+fault.RemedyOf(err), "hunter2") {
				t.Errorf("%q has the password", err)
			}
			if diff := cmp.Diff(model.Environment{Nameservers: []string{"192.0.2.9"}}, e); diff != "" {
				t.Errorf("it changed all the same:\n%s", diff)
			}
		})
	}
}

func TestAChangeSetsAndTakesBack(t *testing.T) {
	one, two := authority(t, "Corp Root"), authority(t, "Corp Root 2")
	list := func(words ...string) *[]string { return &words }
	word := func(text string) *string { return &text }
	var e model.Environment
	set := func(c Change) {
		t.Helper()
		if err := c.Apply(&e); err != nil {
			t.Fatal(err)
		}
	}
	set(Change{
		Nameservers: list("::ffff:192.0.2.53", "2001:DB8::53"), Search: list("Corp.Example."), Mirrors: list("https://mirror.example"), TimeServers: list("NTP.corp.example"),
		HTTP: word("http://u:p%40@proxy.example:3128"), NotProxied: list(".corp.example", "10.0.0.0/8", "*"), AddCertificates: []string{one, two, one},
	})
	want := model.Environment{
		Nameservers: []string{"192.0.2.53", "2001:db8::53"}, Search: []string{"corp.example"}, Mirrors: []string{"https://mirror.example"},
		TimeServers: []string{"ntp.corp.example"}, Certificates: []string{one, two},
		Proxy: model.Proxy{HTTP: "http://u:p%40@proxy.example:3128", Not: []string{".corp.example", "10.0.0.0/8", "*"}},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	e.Proxy.HTTPS = "https://u:p%40@proxy.example:3129"
	if got := e.Shown().Proxy; got.HTTP != "http://u:xxxxx@proxy.example:3128" || got.HTTPS != "https://u:xxxxx@proxy.example:3129" {
		t.Errorf("it is shown as %+v", got)
	}
	e.Proxy.HTTPS = ""
	fingerprint := strings.ToUpper(Fingerprint(one)[:8])
	set(Change{Nameservers: list(), Search: list(), Mirrors: list(), TimeServers: list(), HTTP: word(""), NotProxied: list(), RemoveCertificates: []string{fingerprint[:2] + ":" + fingerprint[2:]}})
	if diff := cmp.Diff(model.Environment{Certificates: []string{two}}, e); diff != "" {
		t.Errorf("taken back (-want +got):\n%s", diff)
	}
}

func TestOneProxyServesBothProtocols(t *testing.T) {
	var e model.Environment
	proxy := "http://proxy.example:3128"
	if err := (Change{HTTP: &proxy, HTTPS: &proxy}).Apply(&e); err != nil {
		t.Fatal(err)
	}
	if e.Proxy.HTTP != proxy || e.Proxy.HTTPS != proxy {
		t.Errorf("set is %+v", e.Proxy)
	}
}

func TestAFileOfCertificatesHoldsNothingElse(t *testing.T) {
	root := authority(t, "Corp Root")
	for name, c := range map[string]struct{ content, says string }{
		"no PEM":        {"\x30\x82", "holds no certificate in PEM"},
		"a private key": {root + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", `holds a "PRIVATE KEY"`},
		"damaged":       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"},
		"too large":     {strings.Repeat(root, 200), "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseCertificates("corp.pem", []byte(c.content)); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), `"corp.pem"`) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
	got, err := ParseCertificates("corp.pem", []byte("# Corp Root\n"+root+"\n"+root))
	if diff := cmp.Diff([]string{root}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if Subject(root) != "CN=Corp Root" {
		t.Errorf("it is of %q", Subject(root))
	}
}

func TestWhatIsToldFitsALine(t *testing.T) {
	var own model.Instance
	var others []model.Instance
	for i := range 1000 {
		name := fmt.Sprintf("%s%04d", strings.Repeat("n", 36), i)
		inst := model.Instance{Name: name, Tenant: strings.Repeat("t", 40), Address: netip.AddrFrom4([4]byte{10, 77, byte(i / 200), byte(i%200 + 10)}), Address6: netip.MustParseAddr("fd00::1234:5678")}
		others = append(others, inst)
	}
	own = others[0]
	f := InForce{Environment: model.Environment{
		Certificates: []string{strings.Repeat("x\n", maxCertificateBytes/2)}, Mirrors: []string{strings.Repeat("m", maxURL)},
		Proxy: model.Proxy{HTTP: strings.Repeat("h", maxURL), Not: []string{strings.Repeat("n", maxName)}},
	}}
	told, left := f.Told(Siblings(own, others[1:]))
	line, err := json.Marshal(report.Question{Version: report.Version, Nonce: strings.Repeat("0", 32), Environment: &told, Ports: make([]report.Port, 64)})
	if err != nil || len(line) >= report.MaxLine {
		t.Errorf("a line of %d bytes: %v", len(line), err)
	}
	if left == 0 || len(told.Hosts) == 0 || told.Hosts[0].Names[0] != own.Name {
		t.Errorf("%d names are told, and %d left out", len(told.Hosts), left)
	}
}
