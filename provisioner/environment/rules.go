package environment

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// Limits of what can be told. Together they leave the question to a guest well within its longest line.
const (
	maxNameservers      = 3 // what glibc's resolver looks at
	maxSearch           = 6
	maxCertificates     = 16
	maxCertificateBytes = 32 << 10
	maxMirrors          = 4
	maxTimeServers      = 4
	maxNotProxied       = 32
	maxName             = 253 // bytes of a domain name
	maxURL              = 512
)

// rule is what one list may hold.
type rule struct {
	noun   string // "name server"
	most   int
	remedy string // how to write one
	// canonical returns an entry in its one spelling; "" for what is none.
	canonical func(string) string
}

// list holds a list to the rule: without repetitions, or the word none alone. Empty stays empty.
func (r rule) list(given []string) ([]string, error) {
	var list []string
	for _, text := range given {
		if text == model.None && len(given) == 1 {
			return []string{model.None}, nil
		}
		one := r.canonical(text)
		if one == "" {
			return nil, fault.New(fault.Usage, r.remedy, "%s %s is not allowed", r.noun, quoted(struck(text)))
		}
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	if len(list) > r.most {
		return nil, fault.New(fault.Usage, "leave some out", "%d %ss are too many: at most %d", len(list), r.noun, r.most)
	}
	return list, nil
}

func nameserverRule() rule {
	const remedy = "give an address that instances reach, such as 192.0.2.53: nothing of the host itself, on loopback or of one link"
	return rule{"name server", maxNameservers, remedy, func(text string) string {
		a, err := netip.ParseAddr(text)
		if err != nil || !usable(a) {
			return ""
		}
		return a.Unmap().String()
	}}
}

func searchRule() rule {
	return rule{"search domain", maxSearch, "write it as corp.example", domain}
}

func mirrorRule() rule {
	const remedy = "write it as https://mirror.example, without user, path, query and fragment"
	return rule{"registry mirror", maxMirrors, remedy, func(text string) string {
		u, ok := web(text)
		// dockerd takes no mirror with a path, and would not start.
		if !ok || u.User != nil || strings.Trim(u.Path, "/") != "" {
			return ""
		}
		return text
	}}
}

func timeServerRule() rule {
	return rule{"time server", maxTimeServers, "give a name or an address, such as ntp.corp.example", remoteHost}
}

var notProxied = regexp.MustCompile(`^(\*|\*?\.?[A-Za-z0-9_\[][A-Za-z0-9._:/\[\]-]*)$`)

func notProxiedRule() rule {
	const remedy = "give names, domains such as .corp.example, addresses or networks"
	return rule{"exception from the proxy", maxNotProxied, remedy, func(text string) string {
		if len(text) > maxName || !notProxied.MatchString(text) {
			return ""
		}
		return text
	}}
}

// usable tells whether another machine can be asked at an address.
func usable(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && a.Zone() == ""
}

var label = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// domain is a domain name in lower case without the dot at its end; "" for what is none.
func domain(text string) string {
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if len(name) > maxName {
		return ""
	}
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			return ""
		}
	}
	return name
}

// remoteHost is a name or an address at which a guest finds something else than itself; "" for what is none.
func remoteHost(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		if !usable(a) {
			return ""
		}
		return a.Unmap().String()
	}
	name := domain(text)
	last := name[strings.LastIndexByte(name, '.')+1:]
	if _, err := strconv.Atoi(last); err == nil || last == "localhost" {
		return "" // a mistyped address, or the guest itself
	}
	return name
}

// urlForm is what a URL may be made of: it lands in files of many programs, each with quoting of its own.
var urlForm = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/@%\[\]!*+,;=&()-]+$`)

// web is a URL of HTTP at another machine.
func web(text string) (*url.URL, bool) {
	if len(text) > maxURL || !urlForm.MatchString(text) {
		return nil, false
	}
	u, err := url.Parse(text)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || remoteHost(u.Hostname()) == "" {
		return nil, false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return nil, false
	}
	return u, true
}

// ValidateProxy holds the URL of a proxy to its form; "" and the word none pass. The error does not repeat it, as it may hold a password.
func ValidateProxy(text string) error {
	if text == "" || text == model.None {
		return nil
	}
	u, ok := web(text)
	if !ok || strings.Trim(u.Path, "/") != "" {
		return fault.New(fault.Usage, "write it as http://proxy.corp.example:3128, special characters of a password as %XX; "+
			"nothing of the host itself",
			"the URL of the proxy, %s, is not allowed", quoted(struck(text)))
	}
	return nil
}

// HasPassword tells whether a URL holds a secret.
func HasPassword(text string) bool { return strings.Contains(text, "@") }

// struck is a text of a person's without what stands before an @: that may be a password.
func struck(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	return "..." + text[at:]
}

// quoted makes a value of any length and content fit for one line.
func quoted(value string) string {
	const most = 100
	if len(value) > most {
		return strconv.QuoteToASCII(value[:most]) + "…"
	}
	return strconv.QuoteToASCII(value)
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
