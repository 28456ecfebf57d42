package doctor

import (
	"encoding/json"
	"slices"
	"strings"
)

// maxJumps bounds how deep chains are followed; the kernel's own limit is 16.
const maxJumps = 16

// foreignRules are the rules of this host, as nft lists them, as far as they matter to a packet that is passed on.
type foreignRules struct {
	chains []foreignChain
	rules  map[foreignChain][]foreignRule // by chain without hook and policy
}

type foreignChain struct {
	Family string `json:"family"`
	Table  string `json:"table"`
	Name   string `json:"name"`
	Hook   string `json:"hook"`
	Policy string `json:"policy"`
}

// key is how a rule names its chain.
func (c foreignChain) key() foreignChain {
	return foreignChain{Family: c.Family, Table: c.Table, Name: c.Name}
}

type foreignRule []map[string]json.RawMessage

// parseRules reads what "nft -j list ruleset" prints.
func parseRules(text []byte) (foreignRules, error) {
	var doc struct {
		Objects []struct {
			Chain *foreignChain `json:"chain"`
			Rule  *struct {
				Family string      `json:"family"`
				Table  string      `json:"table"`
				Chain  string      `json:"chain"`
				Expr   foreignRule `json:"expr"`
			} `json:"rule"`
		} `json:"nftables"`
	}
	r := foreignRules{rules: map[foreignChain][]foreignRule{}}
	if err := json.Unmarshal(text, &doc); err != nil {
		return r, err
	}
	for _, o := range doc.Objects {
		switch {
		case o.Chain != nil:
			r.chains = append(r.chains, *o.Chain)
		case o.Rule != nil:
			at := foreignChain{Family: o.Rule.Family, Table: o.Rule.Table, Name: o.Rule.Chain}
			r.rules[at] = append(r.rules[at], o.Rule.Expr)
		}
	}
	return r, nil
}

// drops returns the first chain, of a table that is not holm's, by which nothing gets through to bridges, or nothing away from
// them, and those bridges.
func (r foreignRules) drops(bridges []string) (*foreignChain, []string) {
	for _, c := range r.chains {
		if c.Hook != "forward" || !slices.Contains([]string{"ip", "ip6", "inet"}, c.Family) || strings.HasPrefix(c.Table, "holm.") {
			continue
		}
		var dropped []string
		for _, b := range bridges {
			if r.judge(c, newcomer{from: b}) == isDropped || r.judge(c, newcomer{to: b}) == isDropped {
				dropped = append(dropped, b)
			}
		}
		if len(dropped) > 0 {
			return &c, dropped
		}
	}
	return nil, nil
}

// newcomer is the first packet of a connection by TCP, from a bridge to the world, or the other way round to a published port.
type newcomer struct{ from, to string }

// fate is what becomes of a packet.
type fate int

const (
	goesOn fate = iota // to the next rule
	isAccepted
	isDropped
	isUnsure // a rule says something that is not understood here
)

func (r foreignRules) judge(c foreignChain, p newcomer) fate {
	got := r.walk(c.key(), p, 0)
	if got == goesOn && c.Policy == "drop" {
		return isDropped
	}
	return got
}

// walk follows the rules of a chain until one decides.
func (r foreignRules) walk(at foreignChain, p newcomer, depth int) fate {
	if depth > maxJumps {
		return isUnsure
	}
	for _, rule := range r.rules[at] {
		matches, known := p.meets(rule)
		if !matches {
			continue
		}
		got, leaves := r.verdict(at, rule, p, depth)
		if got != goesOn && !known {
			return isUnsure
		}
		if got != goesOn || leaves && known {
			return got
		}
	}
	return goesOn
}

// verdict is what a rule does to a packet that it is for; leaves tells whether no further rule of its chain sees it.
func (r foreignRules) verdict(at foreignChain, rule foreignRule, p newcomer, depth int) (got fate, leaves bool) {
	for _, statement := range rule {
		for word, value := range statement {
			switch word {
			case "accept":
				return isAccepted, true
			case "drop", "reject":
				return isDropped, true
			case "return":
				return goesOn, true
			case "jump", "goto":
				var to struct {
					Target string `json:"target"`
				}
				if json.Unmarshal(value, &to) != nil {
					return isUnsure, true
				}
				next := at
				next.Name = to.Target
				return r.walk(next, p, depth+1), word == "goto"
			}
		}
	}
	return goesOn, false
}

// meets tells whether a rule is for the packet, and whether that is known: what is not understood may be met.
func (p newcomer) meets(rule foreignRule) (matches, known bool) {
	known = true
	for _, statement := range rule {
		for word, value := range statement {
			switch word {
			case "match":
				yes, sure := p.match(value)
				if sure && !yes {
					return false, true
				}
				known = known && sure
			case "xt":
				// What iptables wrote, and nft does not look into.
				var x struct{ Type, Name string }
				if json.Unmarshal(value, &x) != nil {
					known = false
					continue
				}
				switch {
				case x.Name == "conntrack" || x.Name == "state":
					return false, true // as a rule: what is known already
				case x.Type == "match" && x.Name != "comment":
					known = false
				}
			}
		}
	}
	return true, known
}

// match compares one property of the packet, where that is one that it has.
func (p newcomer) match(text json.RawMessage) (yes, sure bool) {
	var m struct {
		Op   string
		Left struct {
			Meta, CT *struct{ Key string }
		}
		Right json.RawMessage
	}
	if json.Unmarshal(text, &m) != nil {
		return false, false
	}
	values, plain := wordsOf(m.Right)
	has := ""
	switch {
	case !plain:
		return false, false
	case m.Left.Meta != nil:
		switch m.Left.Meta.Key {
		case "iifname", "iif":
			return compare(m.Op, named(p.from, values))
		case "oifname", "oif":
			return compare(m.Op, named(p.to, values))
		case "l4proto":
			has = "tcp"
		}
	case m.Left.CT != nil && m.Left.CT.Key == "state":
		has = "new"
	case m.Left.CT != nil && m.Left.CT.Key == "status":
		if p.to == "" {
			return false, true // by nobody's translation
		}
		has = "dnat"
	}
	if has == "" {
		return false, false
	}
	return compare(m.Op, slices.Contains(values, has))
}

func compare(op string, equal bool) (yes, sure bool) {
	switch op {
	case "==", "in":
		return equal, true
	case "!=":
		return !equal, true
	}
	return false, false
}

// named tells whether an interface has one of these names; "holm*" is all that begin so. The one that is not named is the
// world's, which rules for other bridges are not about.
func named(has string, values []string) bool {
	for _, v := range values {
		begin, wild := strings.CutSuffix(v, "*")
		if has != "" && (v == has || wild && strings.HasPrefix(has, begin)) || v == "*" {
			return true
		}
	}
	return false
}

// wordsOf reads one value or a set of them.
func wordsOf(text json.RawMessage) (values []string, plain bool) {
	var one string
	if json.Unmarshal(text, &one) == nil {
		return []string{one}, true
	}
	if json.Unmarshal(text, &values) == nil {
		return values, true
	}
	var set struct {
		Set []string `json:"set"`
	}
	err := json.Unmarshal(text, &set)
	return set.Set, err == nil && set.Set != nil
}

// mend is the command by which a firewall lets instances through, in that firewall's own way where it has one.
func (r foreignRules) mend(c foreignChain, bridges []string) string {
	has := func(chain string) bool {
		return slices.ContainsFunc(r.chains, func(other foreignChain) bool {
			return other.Family == c.Family && other.Table == c.Table && other.Name == chain
		})
	}
	each := func(format func(bridge string) string) string {
		var all []string
		for _, b := range bridges {
			all = append(all, format(b))
		}
		return strings.Join(all, " && ")
	}
	iptables := map[string]string{"ip": "iptables", "ip6": "ip6tables"}[c.Family]
	switch {
	case c.Table == "firewalld":
		return each(func(b string) string { return "firewall-cmd --permanent --zone=trusted --add-interface=" + b }) + " && firewall-cmd --reload"
	case has("ufw-user-forward") || has("ufw6-user-forward"):
		return each(func(b string) string { return "ufw route allow in on " + b + " && ufw route allow out on " + b })
	case iptables != "" && c.Table == "filter" && c.Name == "FORWARD":
		chain := "FORWARD"
		if has("DOCKER-USER") {
			chain = "DOCKER-USER" // the one that Docker leaves to others, and puts first
		}
		return each(func(b string) string {
			return iptables + " -I " + chain + " -i " + b + " -j ACCEPT && " + iptables + " -I " + chain + " -o " + b + " -j ACCEPT"
		})
	}
	return each(func(b string) string {
		insert := "nft insert rule " + c.Family + " " + c.Table + " " + c.Name
		return insert + " iifname " + b + " accept && " + insert + " oifname " + b + " accept"
	})
}
