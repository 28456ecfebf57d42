package judge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func edgeJudgements() []judgement {
	return []judgement{
		{"a flood of events is stopped", flood},
		{"a service that catches others' addresses is refused", externalIPs},
		{"nobody in particular gets nothing", anonymous},
		{"TLS 1.1 is refused", func(ctx context.Context, n *node) error {
			return n.handshake(ctx, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		}},
		{"a weak suite is refused", func(ctx context.Context, n *node) error {
			return n.handshake(ctx, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}})
		}},
		{"the certificate is for the instance's name and address", names},
	}
}

func (n *node) dialEtcd(ctx context.Context, address string) (net.Conn, error) {
	return n.net.dial(ctx, "tcp", address)
}

// flood sends more events than any limit lets pass at once.
func flood(ctx context.Context, n *node) error {
	const enough = 300
	for i := range enough {
		event := &core.Event{
			ObjectMeta:     meta.ObjectMeta{Name: "judged-" + strconv.Itoa(i)},
			InvolvedObject: core.ObjectReference{Namespace: guarded},
		}
		err := n.admin.CoreV1().RESTClient().Post().MaxRetries(0).Namespace(guarded).Resource("events").Body(event).Do(ctx).Error()
		switch {
		case apierrors.IsTooManyRequests(err) && i == 0:
			return errors.New("control: the first event is refused")
		case apierrors.IsTooManyRequests(err):
			return nil
		case err != nil:
			return err
		}
	}
	return fmt.Errorf("%d events in a row are admitted", enough)
}

func externalIPs(ctx context.Context, n *node) error {
	dry := meta.CreateOptions{DryRun: []string{meta.DryRunAll}}
	service := &core.Service{ObjectMeta: meta.ObjectMeta{Name: "judged"}, Spec: core.ServiceSpec{Ports: []core.ServicePort{{Port: 80}}}}
	if _, err := n.admin.CoreV1().Services(guarded).Create(ctx, service, dry); err != nil {
		return fmt.Errorf("control: one without: %w", err)
	}
	service.Spec.ExternalIPs = []string{"192.0.2.1"}
	_, err := n.admin.CoreV1().Services(guarded).Create(ctx, service, dry)
	return refused(err, "Use of external IPs is denied")
}

func anonymous(ctx context.Context, n *node) error {
	for _, path := range []string{"/version", "/readyz", "/api"} {
		for who, want := range map[string]int{"somebody": http.StatusOK, "nobody": http.StatusUnauthorized} {
			c := n.config
			if who == "nobody" {
				c = rest.AnonymousClientConfig(n.config)
			}
			got, err := status(ctx, c, path)
			if err != nil {
				return err
			}
			if got != want {
				return fmt.Errorf("%s gets %d for %s, not %d", who, got, path, want)
			}
		}
	}
	return nil
}

func status(ctx context.Context, c *rest.Config, path string) (int, error) {
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Host+path, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// handshake wants the API server not to agree to what the client offers; with a good offer it does.
func (n *node) handshake(ctx context.Context, offer *tls.Config) error {
	good, err := n.greet(ctx, &tls.Config{MaxVersion: tls.VersionTLS12})
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	if good.Version != tls.VersionTLS12 {
		return fmt.Errorf("control: a good offer of TLS 1.2 ends in %s", tls.VersionName(good.Version))
	}
	if bad, err := n.greet(ctx, offer); err == nil {
		return fmt.Errorf("the API server agrees to %s with %s", tls.VersionName(bad.Version), tls.CipherSuiteName(bad.CipherSuite))
	} else if alert := new(net.OpError); !errors.As(err, &alert) || alert.Op != "remote error" {
		return fmt.Errorf("not refused by the API server: %w", err)
	}
	return nil
}

func (n *node) greet(ctx context.Context, offer *tls.Config) (tls.ConnectionState, error) {
	raw, err := n.net.dial(ctx, "tcp", apiAddress)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = raw.Close() }()
	offer.InsecureSkipVerify = true // what is asked here is how it speaks, not who it is
	conn := tls.Client(raw, offer)
	err = conn.HandshakeContext(ctx)
	return conn.ConnectionState(), err
}

func names(ctx context.Context, n *node) error {
	state, err := n.greet(ctx, new(tls.Config))
	if err != nil {
		return err
	}
	return errors.Join(state.PeerCertificates[0].VerifyHostname(nodeAddress), state.PeerCertificates[0].VerifyHostname("web"))
}
