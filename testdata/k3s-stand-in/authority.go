package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"
)

// A year is the validity of what an authority signs; its own is ten, as with k3s.
const year = 365 * 24 * time.Hour

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// subject is whom a certificate is for: a server with names or, without any, a client and its group.
type subject struct {
	name, group string
	dns         []string
	ips         []net.IP
}

func loadAuthority(at keyPair, name string) (authority, error) {
	key, err := loadKey(at.key)
	if err != nil {
		return authority{}, err
	}
	text, err := os.ReadFile(at.cert)
	if errors.Is(err, fs.ErrNotExist) {
		template := certificate(subject{name: name}, 10*year)
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = nil
		text, err = signed(template, template, key, key)
		if err == nil {
			err = writeFile(at.cert, text)
		}
	}
	if err != nil {
		return authority{}, fmt.Errorf("cannot have the authority %s: %w", at.cert, err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return authority{}, fmt.Errorf("%s holds no certificate", at.cert)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return authority{}, fmt.Errorf("%s holds no certificate: %w", at.cert, err)
	}
	return authority{cert, key}, nil
}

// sign writes a certificate for s and its key.
func (a authority) sign(at keyPair, s subject) error {
	key, err := loadKey(at.key)
	if err != nil {
		return err
	}
	text, err := signed(certificate(s, year), a.cert, key, a.key)
	if err != nil {
		return fmt.Errorf("cannot sign %s: %w", at.cert, err)
	}
	return writeFile(at.cert, text)
}

func certificate(s subject, validity time.Duration) *x509.Certificate {
	c := &x509.Certificate{
		Subject:     pkix.Name{CommonName: s.name},
		NotBefore:   time.Now().Add(-time.Hour), // the clock of a guest may be set back after its first seconds
		NotAfter:    time.Now().Add(validity),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		DNSNames:    s.dns,
		IPAddresses: s.ips,
	}
	if s.group != "" {
		c.Subject.Organization = []string{s.group}
	}
	if len(s.dns)+len(s.ips) > 0 {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return c
}

func signed(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// loadKey reads the key at path, or makes one.
func loadKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read a key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key: %w", path, err)
	}
	return key, nil
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make the key %s: %w", path, err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cannot write the key %s: %w", path, err)
	}
	return key, writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}
