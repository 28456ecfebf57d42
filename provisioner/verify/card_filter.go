package verify

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"holm/provisioner/model"
	"holm/provisioner/network"
)

// cardFilter: libvirt writes a filter into the kernel when the machine starts and when libvirt does, and whoever empties
// the kernel's tables in between opens it: libvirt goes on to say that it is bound.
func cardFilter() rule {
	return rule{
		id: "card-filter", side: Host, source: "holm", promise: "the kernel drops what the instance sends under an address that is not its own",
		try: func(ctx context.Context, t *trial) found {
			const tried = "follow the card's frames through the kernel's rules"
			card, err := t.card()
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			listed, err := t.env.Frames(ctx)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			rules := readFrames(string(listed)).from(card.Tap)
			if len(rules) == 0 {
				return failed(tried, "no rule takes what %s sends to a filter", card.Tap)
			}
			if bad := judgeFrames(rules, card.Tap, t.Wanted.MAC, model.Text(t.Wanted.Address), model.Text(t.Wanted.Address6)); bad != "" {
				return failed(tried, "%s", bad)
			}
			own := strings.TrimSpace(model.Text(t.Wanted.Address) + " " + model.Text(t.Wanted.Address6))
			return passed(tried, "%d rules hold %s to %s and %s", len(rules), card.Tap, t.Wanted.MAC, own)
		},
	}
}

// frameRules are the kernel's rules for frames, by chain, each as its words.
type frameRules map[string][][]string

// readFrames reads what ebtables lists.
func readFrames(listed string) frameRules {
	rules, chain := frameRules{}, ""
	for line := range strings.Lines(listed) {
		if rest, found := strings.CutPrefix(line, "Bridge chain: "); found {
			chain, _, _ = strings.Cut(rest, ",")
			continue
		}
		// Newer ones put what is negated before the option, older ones behind it.
		if words := strings.Fields(line); chain != "" && len(words) > 0 && (words[0] == "!" || strings.HasPrefix(words[0], "-")) {
			rules[chain] = append(rules[chain], words)
		}
	}
	return rules
}

// from returns all rules that frames from an interface are led through, beginning with the ones of its own. A rule that
// lets the frames through before that is among them.
func (f frameRules) from(tap string) [][]string {
	var through [][]string
	visited := map[string]bool{}
	var follow func(chain string)
	follow = func(chain string) {
		if chain == "" || visited[chain] {
			return
		}
		visited[chain] = true
		for _, rule := range f[chain] {
			through = append(through, rule)
			follow(after(rule, "-j"))
		}
	}
	for _, rule := range f["PREROUTING"] {
		switch after(rule, "-i") {
		case tap:
			through = append(through, rule[2:])
			follow(after(rule, "-j"))
		case "": // everybody's
			through = append(through, rule)
			follow(after(rule, "-j"))
		}
	}
	return through
}

// after is the word that follows an option; "" when the option is not there.
func after(rule []string, option string) string {
	at := slices.Index(rule, option)
	if at < 0 || at+1 >= len(rule) {
		return ""
	}
	if word := rule[at+1]; word != "!" || at+2 >= len(rule) {
		return word
	}
	return rule[at+2]
}

// judgeFrames tells what is wrong with the rules for an instance's frames: an address that is not its own is known to
// them, its own is not, or nothing is dropped. address6 is "" for an instance that has none; the one that follows from its hardware
// address it may always have.
func judgeFrames(rules [][]string, tap, mac, address, address6 string) string {
	local, _ := network.LinkLocal(mac) // none is nobody's
	own := map[string][]string{
		"-s": {mac}, "--arp-mac-src": {mac}, "--ip-src": {address, netip.IPv4Unspecified().String()},
		"--arp-ip-src": {address, netip.IPv4Unspecified().String()},
		"--ip6-src":    {address6, local.String()},
	}
	seen, drops := map[string]bool{}, false
	for _, rule := range rules {
		drops = drops || after(rule, "-j") == "DROP"
		if !drops && !seen[mac] && slices.Equal(rule, []string{"-j", "ACCEPT"}) {
			return fmt.Sprintf("all that %s sends is let through before it is looked at", tap)
		}
		if through := after(rule, "-j"); after(rule, "-p") == "IPv6" && after(rule, "--ip6-src") == "" &&
			(through == "ACCEPT" || through == "RETURN") {
			return fmt.Sprintf("IPv6 of any address is let through that %s sends", tap)
		}
		for option, allowed := range own {
			claim := spelled(after(rule, option))
			if claim != "" && !slices.Contains(allowed, claim) {
				return fmt.Sprintf("a rule of %s says that %.40s may be claimed", tap, claim)
			}
			seen[claim] = seen[claim] || !strings.HasPrefix(option, "--arp-")
		}
	}
	if !drops {
		return fmt.Sprintf("nothing that %s sends is dropped", tap)
	}
	for _, known := range []string{mac, address, address6} {
		if known != "" && !seen[known] {
			return "no rule knows " + known
		}
	}
	return ""
}

// spelled is an address as it is on record, however ebtables writes it.
func spelled(claim string) string {
	if a, err := netip.ParseAddr(claim); err == nil {
		return a.String()
	}
	if m, err := net.ParseMAC(claim); err == nil {
		return m.String()
	}
	return claim
}
