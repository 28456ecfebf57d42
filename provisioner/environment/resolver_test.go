package environment

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestNameServersAreThoseThatOtherMachinesReach(t *testing.T) {
	files := func(pairs ...string) fstest.MapFS {
		fs := fstest.MapFS{}
		for i := 0; i < len(pairs); i += 2 {
			fs[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
		}
		return fs
	}
	const stub = "nameserver 127.0.0.53\noptions edns0\nsearch corp.example\n"
	for name, c := range map[string]struct {
		root fstest.MapFS
		want string
	}{
		"no file at all":               {files(), "[] [] "},
		"an empty file":                {files("etc/resolv.conf", ""), "[] [] "},
		"IPv4 and IPv6":                {files("etc/resolv.conf", "nameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch a.example B.example.\n"), "[192.0.2.53 2001:db8::53] [a.example b.example] /etc/resolv.conf"},
		"IPv6 alone":                   {files("etc/resolv.conf", "nameserver 2001:db8::53\n"), "[2001:db8::53] [] /etc/resolv.conf"},
		"systemd-resolved's stub":      {files("etc/resolv.conf", stub, "run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\nsearch other.example\n"), "[192.0.2.53] [corp.example] /run/systemd/resolve/resolv.conf"},
		"NetworkManager's dnsmasq":     {files("etc/resolv.conf", "nameserver 127.0.1.1\n", "run/NetworkManager/no-stub-resolv.conf", "search c.example\nnameserver 192.0.2.54\n"), "[192.0.2.54] [c.example] /run/NetworkManager/no-stub-resolv.conf"},
		"dnsmasq with resolvconf":      {files("etc/resolv.conf", "nameserver ::1\n", "run/dnsmasq/resolv.conf", "nameserver 192.0.2.55\n"), "[192.0.2.55] [] /run/dnsmasq/resolv.conf"},
		"resolvconf, by interface":     {files("etc/resolv.conf", "nameserver 127.0.0.1\n", "run/resolvconf/interface/lo.dnsmasq", "nameserver 127.0.0.1\n", "run/resolvconf/interface/ens3.dhclient", "nameserver 192.0.2.56\n"), "[192.0.2.56] [] /run/resolvconf/interface/ens3.dhclient"},
		"a stub beside a real one":     {files("etc/resolv.conf", "nameserver 127.0.0.1\nnameserver 192.0.2.53\n"), "[192.0.2.53] [] /etc/resolv.conf stubs [127.0.0.1]"},
		"a stub and nothing behind it": {files("etc/resolv.conf", "nameserver 127.0.0.1\n"), "[] []  stubs [127.0.0.1]"},
		"the host's own address":       {files("etc/resolv.conf", "nameserver 198.51.100.1\n"), "[] []  stubs [198.51.100.1]"},
		"an address of one link":       {files("etc/resolv.conf", "nameserver fe80::1%eth0\nnameserver 224.0.0.1\n"), "[] []  stubs [fe80::1%eth0 224.0.0.1]"},
		"once each, without mapping":   {files("etc/resolv.conf", "nameserver ::ffff:192.0.2.53\nnameserver 192.0.2.53\n"), "[192.0.2.53] [] /etc/resolv.conf"},
		"comments and other lines":     {files("etc/resolv.conf", "# nameserver 192.0.2.1\n;x\nnameserver\n\tnameserver 192.0.2.2 # x"), "[192.0.2.2] [] /etc/resolv.conf"},
		"garbage":                      {files("etc/resolv.conf", "nameserver ;rm -rf\nnameserver 1.2.3.4.5\nsearch ../x $(y) ok.example\n\x00\xff\n"), "[] [ok.example] "},
		"a line without an end":        {files("etc/resolv.conf", strings.Repeat("x", 1<<20)), "[] [] "},
		"the last search line holds":   {files("etc/resolv.conf", "domain a.example\nsearch b.example\n"), "[] [b.example] "},
	} {
		t.Run(name, func(t *testing.T) {
			r := Look(c.root, func(a netip.Addr) bool { return a == netip.MustParseAddr("198.51.100.1") })
			got := fmt.Sprintf("%v %v %s", r.Servers, r.Search, r.File)
			if strings.Contains(c.want, "stubs") {
				got += fmt.Sprintf(" stubs %v", r.Stubs)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if servers, search := Parse(iotest.ErrReader(iotest.ErrTimeout)); servers != nil || search != nil {
		t.Errorf("an unreadable file gave %v, %v", servers, search)
	}
}

func FuzzAResolvConfGivesOnlyWhatCanBeTold(f *testing.F) {
	f.Add("nameserver 127.0.0.53\nnameserver 10.0.0.2\nsearch a.example\n")
	f.Add("nameserver ::ffff:10.0.0.1\nnameserver fe80::1%eth0\ndomain \x00")
	f.Fuzz(func(t *testing.T, conf string) {
		r := Look(fstest.MapFS{resolvConf: {Data: []byte(conf)}}, func(netip.Addr) bool { return false })
		for _, a := range r.Servers {
			if !usable(a) || a.Is4In6() {
				t.Errorf("gave the server %s", a)
			}
		}
		list, err := searchRule().list(r.Search)
		if err != nil || !slices.Equal(list, r.Search) && len(r.Search) == len(list) {
			t.Errorf("gave the search domains %q: %v", r.Search, err)
		}
	})
}
