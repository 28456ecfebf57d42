package environment

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holm/guest/report"
)

func TestDockerdsSettingsAreThoseOfTheSeedAndWhatIsTold(t *testing.T) {
	d := ForDocker(report.Environment{
		Search: []string{"example.org"}, Mirrors: []string{"https://m.example.org"}, Proxy: &report.Proxy{HTTPS: "http://u:p@proxy:1", Not: []string{".a"}},
	})
	got, err := d.Daemon([]byte(`{"icc":false,"registry-mirrors":["https://owner.example.org"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
	"dns-search": [
		"example.org"
	],
	"icc": false,
	"proxies": {
		"https-proxy": "http://u:p@proxy:1",
		"no-proxy": "localhost,127.0.0.0/8,::1,.a"
	},
	"registry-mirrors": [
		"https://owner.example.org"
	]
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if got, err := (Docker{}).Daemon([]byte(`{"icc":false}`)); err != nil || string(got) != "{\n\t\"icc\": false\n}\n" {
		t.Errorf("told nothing: %s (%v)", got, err)
	}
	if _, err := d.Daemon([]byte("icc: false")); err == nil {
		t.Error("settings that are no JSON went through")
	}
}

func TestTheUsersOwnConfigKeepsWhatIsTheUsers(t *testing.T) {
	const (
		p1 = `{"httpProxy":"http://p:1","noProxy":"localhost,127.0.0.0/8,::1"}`
		p2 = `{"httpProxy":"http://p:2","noProxy":"localhost,127.0.0.0/8,::1"}`
	)
	told := func(url string) Docker { return ForDocker(report.Environment{Proxy: &report.Proxy{HTTP: url}}) }
	for name, c := range map[string]struct {
		d              Docker
		config, before string
		want, put      string
	}{
		"there is no file":             {told("http://p:1"), "", "", `{"proxies":{"default":` + p1 + `}}`, p1},
		"it has the user's logins":     {told("http://p:1"), `{"auths":{"r":{}}}`, "", `{"auths":{"r":{}},"proxies":{"default":` + p1 + `}}`, p1},
		"the proxy has changed":        {told("http://p:2"), `{"proxies":{"default":` + p1 + `}}`, p1, `{"proxies":{"default":` + p2 + `}}`, p2},
		"the proxy is gone":            {Docker{}, `{"auths":{},"proxies":{"default":` + p1 + `}}`, p1, `{"auths":{}}`, ""},
		"the user has another":         {told("http://p:2"), `{"proxies":{"default":{"httpProxy":"http://mine"}}}`, p1, `{"proxies":{"default":{"httpProxy":"http://mine"}}}`, p1},
		"the user took it out":         {told("http://p:1"), `{}`, p1, `{"proxies":{"default":` + p1 + `}}`, p1},
		"one for another daemon stays": {Docker{}, `{"proxies":{"default":` + p1 + `,"tcp://x":{}}}`, p1, `{"proxies":{"tcp://x":{}}}`, ""},
		"the note was lost":            {told("http://p:1"), `{"proxies":{"default":` + p1 + `}}`, "", `{"proxies":{"default":` + p1 + `}}`, p1},
		"nothing was ever told":        {Docker{}, `{"proxies":{"default":{}}}`, "", `{"proxies":{"default":{}}}`, ""},
		"docker wrote null":            {told("http://p:1"), `null`, "", `{"proxies":{"default":` + p1 + `}}`, p1},
	} {
		got, put, err := c.d.Client([]byte(c.config), c.before)
		if err != nil || !sameJSON(got, c.want) || put != c.put {
			t.Errorf("%s: %s, put %q (%v)", name, got, put, err)
		}
	}
	for _, config := range []string{`{`, `[]`, `{"proxies":7}`} {
		if got, _, err := told("http://p:1").Client([]byte(config), ""); err == nil {
			t.Errorf("%s became %s", config, got)
		}
	}
}

func TestDockerdStartsAnewForAllButMirrors(t *testing.T) {
	d := Docker{Mirrors: []string{"a"}, Search: []string{"b"}, HTTP: "c", HTTPS: "d", Not: "e"}
	other := d
	if other.Mirrors = nil; !d.SameButMirrors(other) {
		t.Error("mirrors are read again")
	}
	for _, change := range []func(*Docker){
		func(o *Docker) { o.Search = nil }, func(o *Docker) { o.HTTP = "" }, func(o *Docker) { o.HTTPS = "" }, func(o *Docker) { o.Not = "" },
	} {
		other := d
		if change(&other); d.SameButMirrors(other) {
			t.Errorf("%+v is the same", other)
		}
	}
}
