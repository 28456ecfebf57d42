package doctor

import (
	"errors"
	"os"
	"testing"
)

func TestForwarding(t *testing.T) {
	const (
		fine  = "packets get through to instances, and from them"
		write = "echo net.ipv4.ip_forward=1 >> /etc/sysctl.d/99-holm.conf && sysctl --system"
	)
	up := func(h *host) { h.write("/sys/class/net/holm0/bridge/forward_delay", "0") }
	rules := func(name string) func(*host) {
		return func(h *host) {
			text, err := os.ReadFile("testdata/rulesets/" + name + ".json")
			h.must(err)
			h.rules = string(text)
		}
	}
	dropped := func(chain, table string) string {
		return "chain " + chain + " of table " + table + " drops what goes to and from instances at holm0"
	}
	play(t, "forwarding", []scene{
		{"no other firewall", nil, OK, fine, ""},
		{"no network yet", func(h *host) { h.write(forward4, "0") }, OK, fine, ""},
		{"forwarding was switched off", func(h *host) { up(h); h.write(forward4, "0") }, Fail, "net.ipv4.ip_forward is 0: no packet gets to an instance or away from it", write},
		{
			"forwarding of IPv6 was switched off", func(h *host) { up(h); h.write(forward4, "1"); h.write(forward6, "0") },
			Fail, "net.ipv6.conf.all.forwarding is 0: no packet gets to an instance or away from it",
			"echo net.ipv6.conf.all.forwarding=1 >> /etc/sysctl.d/99-holm.conf && sysctl --system",
		},
		{
			"Docker", rules("docker"), Fail, dropped("FORWARD", "ip filter"),
			"iptables -I DOCKER-USER -i holm0 -j ACCEPT && iptables -I DOCKER-USER -o holm0 -j ACCEPT",
		},
		{"Docker, mended so", rules("docker-mended"), OK, fine, ""},
		{
			"Docker, mended for another network", func(h *host) {
				rules("docker-mended")(h)
				h.write("/sys/class/net/holm-b5200e48/bridge/forward_delay", "0")
			}, Fail, "chain FORWARD of table ip filter drops what goes to and from instances at holm-b5200e48",
			"iptables -I DOCKER-USER -i holm-b5200e48 -j ACCEPT && iptables -I DOCKER-USER -o holm-b5200e48 -j ACCEPT",
		},
		{"ufw", rules("ufw"), Fail, dropped("FORWARD", "ip filter"), "ufw route allow in on holm0 && ufw route allow out on holm0"},
		{
			"firewalld", rules("firewalld"), Fail, dropped("filter_FORWARD", "inet firewalld"),
			"firewall-cmd --permanent --zone=trusted --add-interface=holm0 && firewall-cmd --reload",
		},
		{"libvirt lets them through by iptables, as on Debian 12", rules("libvirt-9"), OK, fine, ""},
		{
			"an nftables.conf of one's own", rules("plain"), Fail, dropped("forward", "inet filter"),
			"nft insert rule inet filter forward iifname holm0 accept && nft insert rule inet filter forward oifname holm0 accept",
		},
		{"a rule that is not understood", rules("unsure"), OK, fine, ""},
		{
			"a bridge that hands frames to iptables", func(h *host) { h.write(bridgeNF4, "1") }, Warn,
			"packets get through; but bridges hand frames to iptables, and no instance reaches itself by the host's address",
			"sysctl -w net.bridge.bridge-nf-call-iptables=0   # unless Docker or Kubernetes needs it on this host",
		},
		{
			"rules that nobody may read", func(h *host) { h.unread = errors.New("nft: Operation not permitted") }, Warn,
			"the rules of other firewalls were not read: nft: Operation not permitted", "sudo holm doctor",
		},
		{
			"rules that are none", func(h *host) { h.rules = "{" }, Warn,
			"the rules of other firewalls cannot be understood: unexpected end of JSON input", "nft list ruleset",
		},
	})
}

func FuzzRulesOfOthersAreRead(f *testing.F) {
	for _, name := range []string{"docker", "ufw", "firewalld", "libvirt-9"} {
		text, err := os.ReadFile("testdata/rulesets/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRules(text)
		if err != nil {
			return
		}
		if c, dropped := r.drops([]string{"holm0"}); c != nil && r.mend(*c, dropped) == "" {
			t.Error("no remedy")
		}
	})
}
