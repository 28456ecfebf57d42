package volumestest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	once  = "6f6e65206f6e65206f6e65206f6e65206f6e65206f6e65206f6e65206f6e6520"
	twice = "74776f2074776f2074776f2074776f2074776f2074776f2074776f2074776f20"
)

// testLend: a passphrase for a start opens a volume until it is revoked, and the volume stays what it is.
func testLend(t *testing.T, s suite) {
	s.revoke(t, A)
	if err := s.Backend.Lend(t.Context(), A, []byte(key), []byte(once)); err == nil {
		t.Error("something was lent of a volume that is not there")
	}
	if err := s.Backend.Create(t.Context(), A, 1, []byte(key)); err != nil {
		t.Fatal(err)
	}
	s.mustKeyed(t, A, fmt.Sprintf("write -P 0x5a 0 %d", chunk))
	before := s.beginning(t, A)
	if err := s.Backend.Lend(t.Context(), A, []byte(other), []byte(once)); err == nil {
		t.Error("another key lends")
	}
	for _, pass := range []string{once, twice} {
		if err := s.Backend.Lend(t.Context(), A, []byte(key), []byte(pass)); err != nil {
			t.Fatal(err)
		}
		if out, err := s.keyed(t, A, pass, fmt.Sprintf("read -P 0x5a 0 %d", chunk)); err != nil || strings.Contains(out, "failed") {
			t.Errorf("what was lent does not open it: %v: %s", err, out)
		}
	}
	if lent, err := s.Backend.Lent(t.Context(), A); !lent || err != nil {
		t.Errorf("lent: %v, %v", lent, err)
	}
	s.revoke(t, A)
	s.revoke(t, A)
	for _, pass := range []string{once, twice} {
		if out, err := s.keyed(t, A, pass, "read 0 512"); err == nil {
			t.Errorf("what was revoked opens it: %s", out)
		}
	}
	s.mustKeyed(t, A, fmt.Sprintf("read -P 0x5a 0 %d", chunk))
	if !bytes.Equal(before, s.beginning(t, A)) {
		t.Error("something of what was lent is still there")
	}
	s.create(t, B, 1)
	if err := s.Backend.Lend(t.Context(), B, []byte(key), []byte(once)); err == nil {
		t.Error("something was lent of a volume that is not encrypted")
	}
	s.revoke(t, B)
}

// revoke takes back what was lent, whether there is anything.
func (s suite) revoke(t *testing.T, id string) {
	t.Helper()
	if err := s.Backend.Revoke(t.Context(), id); err != nil {
		t.Errorf("revoke: %v", err)
	}
	if lent, err := s.Backend.Lent(t.Context(), id); lent || err != nil {
		t.Errorf("lent: %v, %v", lent, err)
	}
}

// beginning is where headers lie.
func (s suite) beginning(t *testing.T, id string) []byte {
	t.Helper()
	f, err := os.Open(s.Backend.Disk(id).Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	content := make([]byte, 5<<20)
	n, _ := f.ReadAt(content, 0)
	return content[:n]
}
