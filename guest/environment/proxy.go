package environment

import (
	"fmt"
	"regexp"
	"strings"

	"holm/guest/report"
)

// local is what never goes through a proxy.
var local = []string{"localhost", "127.0.0.0/8", "::1"}

func checkProxy(e report.Environment) error {
	if e.Proxy == nil {
		return nil
	}
	if e.Proxy.HTTP == "" && e.Proxy.HTTPS == "" {
		return fmt.Errorf("the proxy has no URL")
	}
	for _, text := range []string{e.Proxy.HTTP, e.Proxy.HTTPS} {
		if text == "" {
			continue
		}
		if _, err := parseURL(text); err != nil {
			return fmt.Errorf("proxy %.60q is no URL of scheme and host: %w", hide(text), err)
		}
	}
	if err := atMost(len(e.Proxy.Not), MaxNot, "exceptions from the proxy"); err != nil {
		return err
	}
	for _, not := range e.Proxy.Not {
		if !isException(not) {
			return fmt.Errorf("%.60q is nothing that a proxy can leave out", not)
		}
	}
	return nil
}

// exceptionForm: a name, a domain with a dot in front, an address or a subnet, perhaps with a port; or a star for everything.
// Programs differ in what they make of it, but none sees two where one was meant.
var exceptionForm = regexp.MustCompile(`^(\*|\*?\.?[A-Za-z0-9_\[][A-Za-z0-9._:/\[\]-]*)$`)

func isException(s string) bool { return len(s) <= maxName && exceptionForm.MatchString(s) }

// notThrough is whatever is reached without the proxy, as programs want it: with commas.
func notThrough(p *report.Proxy, besides ...string) string {
	return strings.Join(append(append(append([]string{}, local...), besides...), p.Not...), ",")
}

// Variables are those by which programs learn of the proxy, in the cases that one or the other of them reads.
func Variables(e report.Environment) []Variable {
	if e.Proxy == nil {
		return nil
	}
	var all []Variable
	add := func(name, value string) {
		if value != "" {
			all = append(all, Variable{name, value}, Variable{strings.ToUpper(name), value})
		}
	}
	add("http_proxy", e.Proxy.HTTP)
	add("https_proxy", e.Proxy.HTTPS)
	add("no_proxy", notThrough(e.Proxy))
	return all
}

// Variable is one of a process's environment.
type Variable struct{ Name, Value string }

// Secret tells whether there is a password in what is told to programs by variables and settings.
func Secret(e report.Environment) bool {
	return e.Proxy != nil && strings.Contains(e.Proxy.HTTP+e.Proxy.HTTPS, "@")
}

// EncodeVariables writes lines of the form NAME="VALUE", which pam_env(8) and systemd's EnvironmentFile= read alike. Values
// of an environment that was checked have nothing in them that either would take for more.
func EncodeVariables(all []Variable) ([]byte, error) {
	var text strings.Builder
	for _, v := range all {
		if strings.ContainsFunc(v.Value, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"'\\$`#", r) }) {
			return nil, fmt.Errorf("variable %s cannot be written on a line", v.Name)
		}
		fmt.Fprintf(&text, "%s=%q\n", v.Name, v.Value)
	}
	return []byte(text.String()), nil
}
