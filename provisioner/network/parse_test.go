package network

import (
	"net/netip"
	"strings"
	"testing"

	"holm/internal/fault"
	"holm/provisioner/model"
)

func TestEgressIsReadAndWritten(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "allow",
		"allow":                                 "allow",
		"deny":                                  "deny",
		"192.0.2.0/24,10.0.0.0/8,2001:db8::/32": "10.0.0.0/8,192.0.2.0/24,2001:db8::/32",
		"192.0.2.1":                             "192.0.2.1/32",
		"192.0.2.1,192.0.2.1":                   "192.0.2.1/32",
	} {
		got, err := ParseEgress(text)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
		if again, err := ParseEgress(got.String()); err != nil || again.String() != want {
			t.Errorf("%q is read as %q, %v", got, again, err)
		}
	}
	for name, text := range map[string]string{
		"a word":             "everything",
		"a host in a subnet": "10.0.0.1/8",
		"an empty one":       "10.0.0.0/8,",
		"one in another":     "10.0.0.0/8,10.1.0.0/16",
		"a zone":             "fe80::1%eth0",
		"a newline":          "10.0.0.0/8\n",
		"too many":           "192.0.2.1," + strings.Repeat("10.0.0.0/8,", 3) + many(maxEgress),
	} {
		if e, err := ParseEgress(text); fault.KindOf(err) != fault.Usage || err == nil {
			t.Errorf("%s: got %v, %v", name, e, err)
		}
	}
}

func many(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String()
	}
	return strings.Join(words, ",")
}

func TestAPortIsReadAndWritten(t *testing.T) {
	for text, want := range map[string]string{"443:8443": "443:8443/tcp", "443": "443:443/tcp", "53:5353/udp": "53:5353/udp"} {
		if got, err := model.ParsePort(text); err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ":", "443:", ":443", "0:80", "80:0", "65536:80", "080:80", "+80:80", "80:80/sctp", "80:80/", "80:80:80", "80-90:80", "80:80\n"} {
		if got, err := model.ParsePort(text); fault.KindOf(err) != fault.Usage || err == nil {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}

func FuzzPortsReadBack(f *testing.F) {
	f.Add("443:8443")
	f.Add("53:5353/udp")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := model.ParsePort(text)
		if err != nil {
			return
		}
		if q, err := model.ParsePort(p.String()); err != nil || q != p {
			t.Errorf("%q is %v, which reads as %v, %v", text, p, q, err)
		}
	})
}

func FuzzEgressReadsBack(f *testing.F) {
	f.Add("10.0.0.0/8,2001:db8::/32")
	f.Add("deny")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseEgress(text)
		if err != nil {
			return
		}
		if again, err := ParseEgress(e.String()); err != nil || again.String() != e.String() {
			t.Errorf("%q is %v, which reads as %v, %v", text, e, again, err)
		}
	})
}
