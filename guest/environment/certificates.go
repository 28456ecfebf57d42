package environment

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"

	"holm/guest/report"
)

// maxPEM is the longest certificate that is read, in bytes.
const maxPEM = 32 << 10

// Certificate is a CA, or a server's own certificate, that the instance trusts besides Debian's.
type Certificate struct {
	Name string // of its file: the same for the same certificate
	PEM  []byte // one block, nothing else
	Hash uint32 // of its subject, as OpenSSL computes it
}

func checkCertificates(e report.Environment) error {
	_, err := Certificates(e)
	return err
}

// Certificates parses those of an environment; one that is there twice counts once.
func Certificates(e report.Environment) ([]Certificate, error) {
	if err := atMost(len(e.Certificates), MaxCertificates, "CA certificates"); err != nil {
		return nil, err
	}
	var all []Certificate
	seen := map[string]bool{}
	for i, text := range e.Certificates {
		c, err := parseCertificate(text)
		if err != nil {
			return nil, fmt.Errorf("CA certificate %d: %w", i+1, err)
		}
		if !seen[c.Name] {
			seen[c.Name] = true
			all = append(all, c)
		}
	}
	return all, nil
}

func parseCertificate(text string) (Certificate, error) {
	if len(text) > maxPEM {
		return Certificate{}, fmt.Errorf("it is longer than %d KiB", maxPEM>>10)
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(block.Headers) > 0 || strings.TrimSpace(string(rest)) != "" {
		return Certificate{}, fmt.Errorf("it is not one PEM block CERTIFICATE")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Certificate{}, err
	}
	hash, err := subjectHash(c.RawSubject)
	if err != nil {
		return Certificate{}, err
	}
	sum := sha256.Sum256(block.Bytes)
	// Written anew: what stood before the block in the text goes nowhere.
	return Certificate{Name: "holm-" + hex.EncodeToString(sum[:8]) + ".pem", PEM: pem.EncodeToMemory(block), Hash: hash}, nil
}

// Bundle puts certificates behind those of Debian's bundle, in a block of holm's own.
func Bundle(bundle []byte, all []Certificate) []byte {
	var ours []byte
	for _, c := range all {
		ours = append(ours, c.PEM...)
	}
	return withBlock(bundle, ours)
}
