package environment

import (
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/model"
)

// Change is what is to be set; nil leaves a setting as it is, and an empty one is inherited again.
type Change struct {
	Nameservers, Search, Mirrors, TimeServers *[]string

	HTTP, HTTPS *string // URLs of proxies
	NotProxied  *[]string

	AddCertificates    []string // PEM blocks, of ParseCertificates
	RemoveCertificates []string // fingerprints
}

// Empty tells whether nothing is to be set.
func (c Change) Empty() bool {
	return c.Nameservers == nil && c.Search == nil && c.Mirrors == nil && c.TimeServers == nil &&
		c.HTTP == nil && c.HTTPS == nil && c.NotProxied == nil && len(c.AddCertificates) == 0 && len(c.RemoveCertificates) == 0
}

// Apply changes e, or returns the first thing that is wrong as a fault and leaves e as it is. No error has a proxy's password.
func (c Change) Apply(e *model.Environment) error {
	changed := e.Clone()
	for _, l := range []struct {
		from *[]string
		to   *[]string
		rule rule
	}{
		{c.Nameservers, &changed.Nameservers, nameserverRule()},
		{c.Search, &changed.Search, searchRule()},
		{c.Mirrors, &changed.Mirrors, mirrorRule()},
		{c.TimeServers, &changed.TimeServers, timeServerRule()},
		{c.NotProxied, &changed.Proxy.Not, notProxiedRule()},
	} {
		if l.from == nil {
			continue
		}
		list, err := l.rule.list(*l.from)
		if err != nil {
			return err
		}
		*l.to = list
	}
	for _, p := range []struct{ from, to *string }{{c.HTTP, &changed.Proxy.HTTP}, {c.HTTPS, &changed.Proxy.HTTPS}} {
		if p.from == nil {
			continue
		}
		if err := ValidateProxy(*p.from); err != nil {
			return err
		}
		*p.to = *p.from
	}
	if err := c.certificates(&changed); err != nil {
		return err
	}
	*e = changed
	return nil
}

func (c Change) certificates(e *model.Environment) (err error) {
	for _, fingerprint := range c.RemoveCertificates {
		if e.Certificates, err = withoutCertificate(e.Certificates, fingerprint); err != nil {
			return err
		}
	}
	for _, text := range c.AddCertificates {
		if !slices.Contains(e.Certificates, text) {
			e.Certificates = append(e.Certificates, text)
		}
	}
	if n := len(e.Certificates); n > maxCertificates {
		return fault.New(fault.Usage, "take one out: --rm-ca-certificate FINGERPRINT",
			"%d certificates are too many: at most %d", n, maxCertificates)
	}
	if size := len(strings.Join(e.Certificates, "")); size > maxCertificateBytes {
		return fault.New(fault.Usage, "take one out: --rm-ca-certificate FINGERPRINT",
			"certificates of %d bytes are too large: at most %d in all", size, maxCertificateBytes)
	}
	return nil
}
