package environment

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"

	"holm/internal/fault"
)

// minFingerprint is how many digits of a fingerprint are enough to name a certificate.
const minFingerprint = 8

// ParseCertificates reads the certificates of a PEM file, one canonical block each. name says where they are from.
func ParseCertificates(name string, content []byte) ([]string, error) {
	wrong := func(remedy, what string) ([]string, error) {
		return nil, fault.New(fault.Usage, remedy, "%s %s", quoted(name), what)
	}
	if len(content) > maxCertificateBytes {
		return wrong("take the few CAs that are needed out of it", "is too large: certificates may have 32 KiB in all")
	}
	var all []string
	for rest := content; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return wrong("give a file that holds certificates alone; never a private key", "holds a "+quoted(block.Type)+" besides certificates")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return wrong("see what it is: openssl x509 -noout -text -in FILE", "holds a certificate that cannot be read: "+oneLine(err.Error()))
		}
		text := string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return wrong("make one of a DER file: openssl x509 -inform der -in FILE -out FILE.pem", "holds no certificate in PEM")
	}
	return all, nil
}

// Fingerprint is the SHA-256 of a certificate in PEM, in hexadecimal digits.
func Fingerprint(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "unreadable"
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:])
}

// Subject is whom a certificate in PEM is of; "" when it does not say.
func Subject(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return ""
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return ""
	}
	return oneLine(c.Subject.String())
}

// withoutCertificate takes out the one that a fingerprint, or its beginning, names. Colons in it, as openssl writes them, do
// not matter.
func withoutCertificate(have []string, fingerprint string) ([]string, error) {
	wanted := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(fingerprint, "sha256:"), ":", ""))
	if len(wanted) < minFingerprint ||
		bytes.ContainsFunc([]byte(wanted), func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) {
		return nil, fault.New(fault.Usage, "give at least 8 of its hexadecimal digits",
			"%s is no fingerprint of a certificate", quoted(fingerprint))
	}
	var left []string
	for _, text := range have {
		if !strings.HasPrefix(Fingerprint(text), wanted) {
			left = append(left, text)
		}
	}
	switch len(have) - len(left) {
	case 0:
		return nil, fault.New(fault.NotFound, "see which there are, with show",
			"no certificate of the fingerprint %s is set here", quoted(fingerprint))
	case 1:
		return left, nil
	}
	return nil, fault.New(fault.Usage, "give more of its digits",
		"%s is the beginning of several certificates' fingerprints", quoted(fingerprint))
}
