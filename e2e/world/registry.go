package world

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"
)

// startRegistry serves container images over TLS, to be pulled and pushed by anybody.
func (w *World) startRegistry(ctx context.Context) error {
	ca, certificate, key, err := issue(RegistryName, MirrorName)
	if err != nil {
		return fmt.Errorf("issue the registry's certificate: %w", err)
	}
	w.CA = ca
	store, err := w.folder("registry")
	if err != nil {
		return err
	}
	files := map[string][]byte{"registry.crt": certificate, "registry.key": key}
	files["registry.yml"], err = yaml.Marshal(map[string]any{
		"version": "0.1",
		"log":     map[string]any{"level": "info"},
		"storage": map[string]any{"filesystem": map[string]any{"rootdirectory": store}, "delete": map[string]any{"enabled": true}},
		"http": map[string]any{"addr": ":443", "tls": map[string]any{
			"certificate": filepath.Join(w.dir, "registry.crt"), "key": filepath.Join(w.dir, "registry.key"),
		}},
	})
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(w.dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		if err := os.Chown(path, int(nobody.Uid), int(nobody.Gid)); err != nil {
			return err
		}
	}
	transport := w.Transport()
	defer transport.CloseIdleConnections()
	return w.serve(ctx, "registry", func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, RegistryURL+"/v2/", nil)
		if err != nil {
			return err
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}, "docker-registry", "serve", filepath.Join(w.dir, "registry.yml"))
}

// Transport reaches the registry, by its names, from this process: wherever it is asked for, it goes there.
func (w *World) Transport() *http.Transport {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.CA)
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return w.client.dial(ctx, "tcp", net.JoinHostPort(RegistryIPv4, "443"))
		},
	}
}

// issue makes an authority, and a certificate of it for some names; all of it in PEM, and good for a day.
func issue(names ...string) (ca, certificate, key []byte, err error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leafKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err, err2); err != nil {
		return nil, nil, nil, err
	}
	from, until := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "The world's authority", Organization: []string{"corp.example"}},
		NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return nil, nil, nil, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), rootKey)
	if err != nil {
		return nil, nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		return nil, nil, nil, err
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return block("CERTIFICATE", rootDER), block("CERTIFICATE", leafDER), block("PRIVATE KEY", keyDER), nil
}
