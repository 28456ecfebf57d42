package provisioner_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"holm/internal/debuglog"
	"holm/provisioner/environment"
	"holm/provisioner/tenants"
	"holm/storage/keys"
)

// shared is a buffer that several goroutines write to.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// secrets are all keys that there are: the host's, those of tenants and of the only instance's volume, and what libvirt was lent.
func (w *world) secrets() (all []string) {
	w.t.Helper()
	raw, err := os.ReadFile(w.hostKey())
	must(w.t, err)
	host, err := keys.Keeper{Path: w.hostKey()}.Key("", false)
	must(w.t, err)
	of, err := w.records.TenantKeys(w.t.Context())
	must(w.t, err)
	all = append(all, string(raw), w.own())
	for _, k := range of {
		key, err := host.Open(k.Key, keys.Tenant, k.Tenant)
		must(w.t, err)
		all = append(all, string(key.Passphrase()))
	}
	return append(all, w.hyp.Told()...)
}

// leaks tells whether a secret stands in a text, as it is or written in another way.
func leaks(text, secret string) bool {
	for _, s := range []string{secret, hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret))} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
			return true
		}
	}
	raw, err := hex.DecodeString(secret)
	return err == nil && strings.Contains(text, base64.StdEncoding.EncodeToString(raw))
}

func TestTheDebugLogTellsOfALifeAndOfNoSecret(t *testing.T) {
	w := newWorld(t)
	var log shared
	ctx := debuglog.With(t.Context(), debuglog.New(&log))
	const password = "hunter2"
	proxy := "http://u:" + password + "@proxy.example:3128"
	w.play((&told{}).listening())
	engine := w.holm()
	must1(t)(engine.Tenants.Add(ctx, "default", tenants.Change{Environment: environment.Change{HTTP: &proxy, HTTPS: &proxy}}))
	must1(t)(engine.Instances.Create(ctx, web(), nil))
	secrets := append(w.secrets(), password)
	_, _, err := engine.Tenants.RotateKey(ctx, "default")
	must(t, err)
	other := "http://u:" + password + "@other.example:3128"
	must1(t)(engine.Instances.SetEnvironment(ctx, "default", "web", environment.Change{HTTP: &other}, nil))
	must1(t)(engine.Instances.Restart(ctx, "default", "web", nil))
	secrets = append(secrets, w.secrets()...)
	must(t, engine.Instances.Remove(ctx, "default", "web", nil))

	said := log.String()
	for _, want := range []string{
		`msg=program name=\S+/qemu-img args="create -q -f qcow2 [^"]*" took=\S+s ended="exit status 0"`,
		`msg="guest goes on" question=status instance=web uuid=\S+ after=\S+s stage=ready`,
		`msg=guest question=status instance=web uuid=\S+ took=\S+s stage=ready answers=1\n`,
		`msg=guest question=checks instance=web uuid=\S+ took=\S+s stage=\S+ answers=1\n`,
	} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("nothing is told as %s", want)
		}
	}
	for i, secret := range secrets {
		if secret == "" || leaks(said, secret) {
			t.Errorf("secret %d of %d is told", i, len(secrets))
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}

func TestWhatLeaksIsFoundHoweverItIsWritten(t *testing.T) {
	secret := strings.Repeat("a1", 32)
	raw, err := hex.DecodeString(secret)
	must(t, err)
	for name, text := range map[string]string{
		"as it is": secret, "in capitals": strings.ToUpper(secret), "in base64": base64.StdEncoding.EncodeToString(raw),
		"in base64 of its hex": base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		if !leaks("k="+text+" ", secret) {
			t.Errorf("%s it is not found", name)
		}
	}
}
