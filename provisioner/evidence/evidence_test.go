package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holm/provisioner/evidence"
	"holm/storage/ledger"
)

func statement() evidence.Statement {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	return evidence.Statement{
		Type: evidence.StatementType, PredicateType: evidence.PredicateType,
		Subject: []evidence.Subject{{Name: "instance/0123456789ab", Digest: map[string]string{"sha256": strings.Repeat("ab", 32)}}},
		Predicate: evidence.Predicate{
			MadeAt: at, Host: evidence.Host{Name: "fjell01", Site: "NO-OSL1", Jurisdiction: "NO"},
			Instance: evidence.Instance{ID: "0123456789ab", Name: "web", Tenant: "acme", Created: at}, Tenant: evidence.Tenant{Name: "acme", Created: at},
			DomainXML: "<domain type='kvm'>\n</domain>", Encryption: "none", Pool: &evidence.Pool{Name: "fast", Added: at},
			Under:    &evidence.FileSystem{Path: "/srv/holm", Device: evidence.Device{Name: "md0", Kind: "raid", Level: "raid10"}},
			Verified: evidence.Verdict{Results: []evidence.Result{{ID: "qemu-user", Side: "host", Outcome: "pass"}}},
			Audit:    evidence.Checkpoint{Host: "fjell01", Time: at, Seq: 7, Head: "ab"}, Limits: evidence.Limits(),
		},
	}
}

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey {
	return k.Public().(ed25519.PublicKey) // what an ed25519 key has
}

func seal(t *testing.T, k ed25519.PrivateKey, s evidence.Statement) []byte {
	t.Helper()
	content, err := evidence.Seal(t.Context(), k, s)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestWhatWasStatedIsReadOnAnyMachine(t *testing.T) {
	content := seal(t, key(1), statement())
	for _, trusted := range []ed25519.PublicKey{nil, public(key(1))} {
		got, by, err := evidence.Open(t.Context(), bytes.NewReader(content), trusted)
		if err != nil || by != ledger.FormatKey(public(key(1))) {
			t.Fatalf("signed by %q, %v", by, err)
		}
		if diff := cmp.Diff(statement(), got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestAChangedByteAnywhereInEvidenceFails(t *testing.T) {
	good := seal(t, key(1), statement())
	for at := range good {
		for _, bit := range []byte{1, 32} {
			bad := bytes.Clone(good)
			bad[at] ^= bit
			if _, _, err := evidence.Open(t.Context(), bytes.NewReader(bad), public(key(1))); err == nil {
				t.Fatalf("byte %d changed from %q to %q, and it went through", at, good[at], bad[at])
			}
		}
	}
}

func TestWhatIsNoEvidenceIsSaid(t *testing.T) {
	good := seal(t, key(1), statement())
	other := statement()
	other.PredicateType = "https://slsa.dev/provenance/v1"
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"nothing":              {nil, "no DSSE envelope"},
		"half of it":           {good[:len(good)/2], "no DSSE envelope"},
		"twice":                {append(bytes.Clone(good), good...), "something stands behind"},
		"another predicate":    {seal(t, key(1), other), "slsa.dev"},
		"another host's":       {seal(t, key(2), statement()), "is signed by ed25519:"},
		"something very long":  {bytes.Repeat([]byte(" "), evidence.MaxBytes+1), "longer than 16 MiB"},
		"a field that is more": {bytes.Replace(good, []byte(`"payloadType"`), []byte(`"more": 1, "payloadType"`), 1), "unknown field"},
	} {
		if _, _, err := evidence.Open(t.Context(), bytes.NewReader(c.content), public(key(1))); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"ed25519:AAAA","sig":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		if _, _, err := evidence.Open(t.Context(), bytes.NewReader(content), make(ed25519.PublicKey, ed25519.PublicKeySize)); err == nil {
			t.Errorf("%q is signed by nobody's key", content)
		}
	})
}

func TestEvidenceSaysWhoseWordItIs(t *testing.T) {
	said := strings.Join(evidence.Limits(), "\n")
	for _, words := range []string{"the network side shows how the guest showed itself to this host", "side guest are what the guest says of itself"} {
		if !strings.Contains(said, words) {
			t.Errorf("%q is not among what evidence does not prove:\n%s", words, said)
		}
	}
	if strings.Contains(said, "host and network checks found is the host's own") {
		t.Error("the answers of the guest's ports are called the host's own")
	}
}

// Evidence is kept for years: what a file calls its checks, and what it says of itself, is as it was then.
func TestEvidenceOfAnEarlierHolmIsRead(t *testing.T) {
	before := statement()
	before.Predicate.Limits = []string{"what the guest reports of itself is a claim of the guest's; what host and network checks found is the host's own"}
	for _, id := range []string{"kernel-of-image", "boot-id", "clock"} {
		before.Predicate.Verified.Results = append(before.Predicate.Verified.Results, evidence.Result{ID: id, Side: "host", Outcome: "pass"})
	}
	got, _, err := evidence.Open(t.Context(), bytes.NewReader(seal(t, key(1), before)), public(key(1)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
