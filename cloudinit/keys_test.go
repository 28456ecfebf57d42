package cloudinit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"holm/internal/fault"
)

// The public halves of keys that were made for these tests and thrown away.
const (
	ed25519Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPv47Oia1i5+JHxAQj61mXp6b2T4mri1kV8alhA0pkvD ops@example"
	ecdsaKey   = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEoPPutg0Og5avulQCQuSMCQbfcyXIXLfVSBI+7C9VvAymXV+L1xiMjZYbNMWlEn3ZSbCb/FZtr3K1Yahhm74zk= an old, long comment"
)

func TestValidateKeyAccepts(t *testing.T) {
	for name, key := range map[string]string{
		"ed25519":                     ed25519Key,
		"ed25519 without a comment":   strings.TrimSuffix(ed25519Key, " ops@example"),
		"ed25519 with spaces around":  "  " + ed25519Key + "  ",
		"a comment in another script": ed25519Key + " Åse på øya",
		"a comment of metacharacters": ed25519Key + ` "'{}[]: #&*!|>%@`,
		"ecdsa on P-256":              ecdsaKey,
		"ecdsa on P-521":              ecdsaLine(t, elliptic.P521()),
		"a hardware key, ed25519":     hardwareLine(t, ssh.KeyAlgoSKED25519),
		"RSA of exactly 3072 bits":    rsaLine(t, 3072),
		"RSA of sshd's longest":       rsaLine(t, maxRSABits),
	} {
		t.Run(name, func(t *testing.T) {
			if err := ValidateKey(key); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestValidateKeyRefuses(t *testing.T) {
	for name, c := range map[string]struct{ key, says string }{
		"nothing":                    {"", "is not an SSH public key"},
		"a word":                     {"ed25519", "is not an SSH public key"},
		"a comment line":             {"# " + ed25519Key, "is not an SSH public key"},
		"a path":                     {"/root/.ssh/id_ed25519.pub", "is not an SSH public key"},
		"a kind that is not its own": {strings.Replace(ed25519Key, "ed25519", "rsa", 1), ""},
		"a cut key":                  {ed25519Key[:60], "is not an SSH public key"},
		"options":                    {`command="reboot" ` + ed25519Key, "has options"},
		"an option without value":    {"no-pty " + ed25519Key, "has options"},
		"two lines":                  {ed25519Key + "\n" + ecdsaKey, "control character"},
		"YAML in a second line":      {ed25519Key + "\nruncmd: [reboot]", "control character"},
		"a carriage return":          {ed25519Key + "\rssh-rsa AAAA", "control character"},
		"a NUL":                      {ed25519Key + "\x00", "control character"},
		"a Unicode line separator":   {ed25519Key + "\u2028x", "control character"},
		"a text that runs backwards": {ed25519Key + "\u202ex", "control character"},
		"bytes that are not UTF-8":   {ed25519Key + "\xff\xfe", "control character"},
		"9 KiB":                      {ed25519Key + strings.Repeat("x", 9<<10), "longer than 8192 bytes"},
		"DSA":                        {fixture(t, "testdata/keys/dsa.pub"), "ssh-dss, which is not allowed"},
		"RSA of 2048 bits":           {rsaLine(t, 2048), "RSA of 2048 bits"},
		"RSA of 3071 bits":           {rsaLine(t, 3071), "RSA of 3071 bits"},
		"RSA longer than sshd takes": {rsaLine(t, maxRSABits+8), ""},
		"a private key":              {"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", "private SSH key"},
	} {
		t.Run(name, func(t *testing.T) {
			err := ValidateKey(c.key)
			wantUsage(t, err)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %q, which lacks %q", err, c.says)
			}
		})
	}
}

func TestAPrivateKeyIsNeverRepeated(t *testing.T) {
	err := ValidateKey("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")
	if err == nil || strings.Contains(err.Error()+fault.RemedyOf(err), "c2VjcmV0") || strings.Contains(err.Error(), "BEGIN") {
		t.Errorf("the error repeats the secret: %v", err)
	}
}

func TestCanonicalKeys(t *testing.T) {
	commentless := strings.TrimSuffix(ed25519Key, " ops@example")
	for name, c := range map[string]struct{ give, want []string }{
		"keep their order":                   {[]string{ecdsaKey, ed25519Key}, []string{ecdsaKey, ed25519Key}},
		"drop a repeated key, comment aside": {[]string{ed25519Key, commentless, ecdsaKey}, []string{ed25519Key, ecdsaKey}},
		"lose spaces at both ends":           {[]string{"\t" + commentless + "\n"}, []string{commentless}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := canonicalKeys(c.give)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
	for name, give := range map[string][]string{
		"no key":            nil,
		"seventeen keys":    strings.Split(strings.Repeat(ed25519Key+"\n", maxKeys)+ed25519Key, "\n"),
		"one bad among two": {ed25519Key, "bad"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := canonicalKeys(give)
			wantUsage(t, err)
		})
	}
}

// FuzzValidateKey: what is accepted is one line that reads back as the same key without options.
func FuzzValidateKey(f *testing.F) {
	for _, seed := range []string{
		ed25519Key, ecdsaKey, "no-pty " + ed25519Key, ed25519Key + "\nx", "ssh-rsa AAAA", "", "-----BEGIN", `x="` + ed25519Key,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		key, err := parseKey(line)
		if err != nil {
			wantUsage(t, err)
			return
		}
		written := key.line()
		if strings.ContainsAny(written, "\n\r\x00") {
			t.Fatalf("accepted key holds a control character: %q", written)
		}
		public, comment, options, rest, err := ssh.ParseAuthorizedKey([]byte(written))
		if err != nil || len(options) > 0 || len(rest) > 0 || comment != key.comment {
			t.Fatalf("%q reads back with options %q, rest %q, comment %q: %v", written, options, rest, comment, err)
		}
		if diff := cmp.Diff(key.public.Marshal(), public.Marshal()); diff != "" {
			t.Fatalf("reads back as another key:\n%s", diff)
		}
	})
}

// wantUsage checks that err is one line for a person and carries a remedy.
func wantUsage(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("was accepted")
		return
	}
	if kind := fault.KindOf(err); kind != fault.Usage {
		t.Errorf("kind %d, want %d: %v", kind, fault.Usage, err)
	}
	if strings.ContainsAny(err.Error(), "\n\r\x00") || len(err.Error()) > 300 {
		t.Errorf("not one short line: %q", err)
	}
	if fault.RemedyOf(err) == "" {
		t.Errorf("no remedy: %v", err)
	}
}

// rsaLine makes a key of so many bits; its modulus is no product of primes, which nobody looks at here.
func rsaLine(t *testing.T, bits uint) string {
	t.Helper()
	modulus := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return publicLine(t, &rsa.PublicKey{N: modulus.SetBit(modulus, 0, 1), E: 65537})
}

func ecdsaLine(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return publicLine(t, key.Public())
}

func publicLine(t *testing.T, key any) string {
	t.Helper()
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(public))
}

// hardwareLine is an ed25519 key as a FIDO token gives it (OpenSSH's PROTOCOL.u2f).
func hardwareLine(t *testing.T, kind string) string {
	t.Helper()
	blob := ssh.Marshal(struct {
		Kind        string
		Key         []byte
		Application string
	}{kind, make([]byte, 32), "ssh:"})
	public, err := ssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(public))
}

func fixture(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
