package system

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"holm/guest/report"
)

// serveKeys is an sshd that has these keys, and its address.
func serveKeys(t *testing.T, keys ...crypto.PrivateKey) string {
	t.Helper()
	config := &ssh.ServerConfig{NoClientAuth: true}
	for _, key := range keys {
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			t.Fatal(err)
		}
		config.AddHostKey(signer)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _, _, _ = ssh.NewServerConn(conn, config)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestSshdIsAskedForItsKeyAndForOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a host key belongs to root")
	}
	public, own, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	another, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keys []crypto.PrivateKey
		mode os.FileMode
		want report.Outcome
	}{
		"its own key alone":              {[]crypto.PrivateKey{own}, 0o600, report.Passed},
		"another key":                    {[]crypto.PrivateKey{foreign}, 0o600, report.Failed},
		"another kind of key besides":    {[]crypto.PrivateKey{own, another}, 0o600, report.Failed},
		"another kind of key alone":      {[]crypto.PrivateKey{another}, 0o600, report.Failed},
		"a private key that others read": {[]crypto.PrivateKey{own}, 0o640, report.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key")
			write(t, file, "private")
			write(t, file+".pub", string(ssh.MarshalAuthorizedKey(line)))
			if err := os.Chmod(file, c.mode); err != nil {
				t.Fatal(err)
			}
			if got := tryHostKey(t.Context(), serveKeys(t, c.keys...), file); got.Outcome != c.want {
				t.Errorf("it is %+v, want %s", got, c.want)
			}
		})
	}
}
