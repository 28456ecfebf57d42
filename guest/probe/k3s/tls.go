package k3s

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"holm/guest/probe"
)

func k3sTLS() k3sRule {
	return k3sRule{
		id:      "k3s-tls",
		source:  "CIS Kubernetes 1.2.29; k3s hardening guide",
		promise: "The API speaks TLS 1.2 and later, with forward secrecy and authenticated encryption only.",
		tried:   "shake hands with TLS 1.1, and with the CBC suites of TLS 1.2",
		alone:   true,
		try:     tryK3sTLS,
	}
}

func tryK3sTLS(ctx context.Context, run *k3sRun, tried string) probe.Result {
	modern, err := run.access.TLS()
	if err != nil {
		return probe.Inconclusive(tried, "%s", short(err))
	}
	if _, err := run.shake(ctx, modern); err != nil {
		return probe.Inconclusive(tried, "nor does a modern handshake succeed: %s", short(err))
	}
	old := modern.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	weak := modern.Clone()
	weak.MaxVersion = tls.VersionTLS12
	// For both kinds of key: a suite that the server's certificate does not fit is refused whatever is allowed.
	weak.CipherSuites = []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	}
	var found []string
	for _, attempt := range []*tls.Config{old, weak} {
		spoken, err := run.shake(ctx, attempt)
		// The server's own no comes as an alert; anything else, such as a closed port, proves nothing.
		alert, ok := errors.AsType[*net.OpError](err)
		switch {
		case err == nil:
			return probe.Failed(tried, "it spoke %s", spoken)
		case !ok || alert.Op != "remote error":
			return probe.Inconclusive(tried, "no alert: %s", short(err))
		}
		found = append(found, alert.Err.Error())
	}
	return probe.Passed(tried, "%s", strings.Join(found, "; "))
}

// shake makes one handshake and tells what was agreed on.
func (r *k3sRun) shake(ctx context.Context, config *tls.Config) (spoken string, err error) {
	dialer := tls.Dialer{Config: config, NetDialer: &net.Dialer{Timeout: 5 * time.Second}}
	conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(r.access.Server, "https://"))
	if err != nil {
		return "", err
	}
	if secure, ok := conn.(*tls.Conn); ok {
		s := secure.ConnectionState()
		spoken = tls.VersionName(s.Version) + " " + tls.CipherSuiteName(s.CipherSuite)
	}
	return spoken, conn.Close()
}
