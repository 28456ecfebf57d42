package cli

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"holm/internal/fault"
	"holm/internal/term"
	"holm/provisioner/environment"
	"holm/provisioner/model"
)

// Longest files of certificates and of proxies that are read, in bytes.
const (
	maxCertificateFile = 64 << 10
	maxProxyFile       = 16 << 10
)

// EnvironmentFlags are what can be set of the world around instances, the same for the host, a tenant and an instance.
type EnvironmentFlags struct {
	nameservers, search, mirrors, timeServers, notProxied []string
	certificates, removed                                 []string
	proxy, proxyFile                                      string
}

// Flags adds them to a command.
func (f *EnvironmentFlags) Flags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.nameservers, "nameserver", nil, "`ADDRESS` of a name server; can be repeated; none; \"\" inherits")
	flags.StringSliceVar(&f.search, "search", nil, "`DOMAIN` that is tried behind a short name; the same")
	flags.StringArrayVar(&f.certificates, "ca-certificate", nil, "`FILE` of CA certificates to trust as well, PEM; can be repeated")
	flags.StringArrayVar(&f.removed, "rm-ca-certificate", nil, "take back the one of this `FINGERPRINT`, or its beginning")
	flags.StringSliceVar(&f.mirrors, "registry-mirror", nil, "`URL` that dockerd and k3s try before Docker's own registry; the same")
	flags.StringVar(&f.proxy, "proxy", "", "`URL` of the proxy for HTTP and HTTPS; none; \"\" inherits")
	flags.StringVar(&f.proxyFile, "proxy-file", "", "`FILE` with the proxy's URL, which may hold a password; - is standard input")
	flags.StringSliceVar(&f.notProxied, "no-proxy", nil, "`LIST` of names, .domains, addresses, networks reached without it; the same")
	flags.StringSliceVar(&f.timeServers, "ntp", nil, "`NAME` or address of a time server; the same")
}

// Change is what was asked for. given tells whether a flag was, and in is standard input.
func (f *EnvironmentFlags) Change(given func(flag string) bool, in io.Reader) (c environment.Change, err error) {
	for name, one := range map[string]struct {
		from *[]string
		to   **[]string
	}{
		"nameserver":      {&f.nameservers, &c.Nameservers},
		"search":          {&f.search, &c.Search},
		"registry-mirror": {&f.mirrors, &c.Mirrors},
		"no-proxy":        {&f.notProxied, &c.NotProxied},
		"ntp":             {&f.timeServers, &c.TimeServers},
	} {
		if given(name) {
			*one.to = one.from
		}
	}
	c.RemoveCertificates = f.removed
	for _, file := range f.certificates {
		content, err := readBounded(file, maxCertificateFile, "name a readable file of certificates: --ca-certificate corp-root.pem",
			"--ca-certificate")
		if err != nil {
			return c, err
		}
		found, err := environment.ParseCertificates(file, content)
		if err != nil {
			return c, err
		}
		c.AddCertificates = append(c.AddCertificates, found...)
	}
	switch {
	case given("proxy") && given("proxy-file"):
		return c, fault.New(fault.Usage, "give one of them", "--proxy and --proxy-file say the same")
	case given("proxy"):
		if environment.HasPassword(f.proxy) {
			return c, fault.New(fault.Usage,
				"write it into a file of yours alone: --proxy-file FILE      or give it on standard input: --proxy-file -",
				"--proxy: a user and a password on the command line are there for everybody to read")
		}
		c.HTTP, c.HTTPS = &f.proxy, &f.proxy
	case given("proxy-file"):
		return c, f.readProxy(&c, in)
	}
	return c, nil
}

// readProxy reads a file as people have it for their shell: a URL, or lines such as https_proxy=URL.
func (f *EnvironmentFlags) readProxy(c *environment.Change, in io.Reader) error {
	const remedy = "write the URL into it, such as http://user:password@proxy.corp.example:3128" //nolint:gosec // an example
	content, err := readFrom(f.proxyFile, in, maxProxyFile, remedy, "--proxy-file")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, named := strings.Cut(line, "=")
		if strings.Contains(name, ":") {
			named = false // a URL with = in its password
		}
		value = strings.Trim(value, `"'`)
		switch name = strings.ToLower(name); {
		case !named:
			c.HTTP, c.HTTPS = &line, &line
		case name == "http_proxy":
			c.HTTP = &value
		case name == "https_proxy":
			c.HTTPS = &value
		case name == "no_proxy" && c.NotProxied == nil:
			list := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
			c.NotProxied = &list
		}
	}
	if c.HTTP == nil && c.HTTPS == nil {
		return fault.New(fault.Usage, remedy, "--proxy-file: %s names no proxy", Quoted(f.proxyFile))
	}
	return nil
}

// readFrom is readBounded, or the same of standard input for "-".
func readFrom(path string, in io.Reader, most int64, remedy, flag string) ([]byte, error) {
	if path != "-" {
		return readBounded(path, most, remedy, flag)
	}
	if in == nil {
		in = strings.NewReader("")
	}
	content, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "%s: %w", flag, err)
	}
	return content, nil
}

// readBounded reads a file that a person has named.
func readBounded(path string, most int64, remedy, flag string) ([]byte, error) {
	file, err := os.Open(path) // #nosec G304 -- the caller names the file, and may read it as whoever runs holm
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "%s: %w", flag, err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(content)) > most {
		return nil, fault.New(fault.Usage, remedy, "%s: %s is longer than %d KiB", flag, Quoted(path), most>>10)
	}
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "%s: %w", flag, err)
	}
	return content, nil
}

// EnvironmentFields are what is in force, and where each comes from.
func EnvironmentFields(fields *term.Fields, e environment.InForce) {
	add := func(title, setting string, words []string) {
		text, from := strings.Join(words, ", "), e.From[setting]
		if text == "" && from != "" {
			text = model.None
		}
		if text != "" {
			fields.Add(title, term.Text(text+" ("+from+")"))
		}
	}
	some := func(text string) []string { return strings.Fields(text) }
	add("name servers", environment.Nameservers, e.Nameservers)
	add("search", environment.Search, e.Search)
	for _, text := range e.Certificates {
		fields.Add("ca certificate", term.Text(environment.Fingerprint(text)[:16]+" "+environment.Subject(text)))
	}
	add("registry mirrors", environment.Mirrors, e.Mirrors)
	add("http proxy", environment.HTTP, some(e.Proxy.HTTP))
	add("https proxy", environment.HTTPS, some(e.Proxy.HTTPS))
	add("no proxy", environment.NotProxied, e.Proxy.Not)
	add("time servers", environment.TimeServers, e.TimeServers)
	for _, what := range e.Dropped {
		fields.Add("not told", term.Cell{Text: what, Tone: term.Attention})
	}
}
