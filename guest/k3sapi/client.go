package k3sapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Kubeconfig is where k3s writes the administrator's access, inside the instance.
const Kubeconfig = "/etc/rancher/k3s/k3s.yaml"

// answerWithin bounds one request, watches aside.
const answerWithin = 15 * time.Second

// Client talks to one API server as one user. It may be used by several goroutines at once, which share one connection.
type Client struct {
	http   *http.Client
	server string
	user   string
	groups []string
	dryRun bool
}

// Open makes a client from a kubeconfig that k3s wrote.
func Open(path string) (*Client, error) {
	access, err := ReadAccess(path)
	if err != nil {
		return nil, err
	}
	return New(access)
}

// New makes a client. Nothing is sent before its first use.
func New(access Access) (*Client, error) {
	config, err := access.TLS()
	if err != nil {
		return nil, err
	}
	if len(access.Certificate) > 0 {
		pair, err := tls.X509KeyPair(access.Certificate, access.Key)
		if err != nil {
			return nil, errors.New("the client's key is not that of its certificate")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{
		TLSClientConfig: config, TLSHandshakeTimeout: answerWithin, ForceAttemptHTTP2: true,
		IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		// A watch says nothing for minutes: without pings, a server that has gone would be waited for.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: answerWithin},
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{http: &http.Client{Transport: transport, CheckRedirect: refuse}, server: access.Server}, nil
}

// TLS is how the server is verified, without the client's certificate.
func (a Access) TLS() (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(a.CA) {
		return nil, errors.New("there is no certificate to verify the server with")
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// As is the same client acting for another user, who is in the given groups and in system:authenticated.
func (c *Client) As(user string, groups ...string) *Client {
	other := *c
	other.user, other.groups = user, slices.Clone(groups)
	return &other
}

// DryRun is the same client, but nothing that it writes is kept: admission decides as always.
func (c *Client) DryRun() *Client {
	other := *c
	other.dryRun = true
	return &other
}

// Close ends the idle connections. The client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request makes one request; query may be nil and is not changed.
func (c *Client) request(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Request, error) {
	if c.dryRun && method != http.MethodGet {
		all := url.Values{"dryRun": {"All"}}
		maps.Copy(all, query)
		query = all
	}
	target := c.server + path
	if len(query) > 0 {
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		target += join + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "holm")
	if c.user != "" {
		req.Header.Set("Impersonate-User", c.user)
		req.Header["Impersonate-Group"] = append([]string{"system:authenticated"}, c.groups...)
	}
	return req, nil
}
