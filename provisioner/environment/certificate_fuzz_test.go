package environment

import (
	"slices"
	"strings"
	"testing"
)

func FuzzCertificates(f *testing.F) {
	f.Add([]byte(authority(f, "a CA")))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := ParseCertificates("FILE", content)
		if err != nil {
			return
		}
		again, err := ParseCertificates("FILE", []byte(strings.Join(all, "")))
		if err != nil || !slices.Equal(all, again) {
			t.Errorf("what is stored reads back as %q, %v", again, err)
		}
	})
}
