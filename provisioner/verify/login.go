package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
)

// The limits of one connection. A handshake takes about a second in an emulated guest, more when that guest is busy.
const (
	connectWithin = 10 * time.Second
	loginWithin   = 30 * time.Second
)

// session is what came of logging in as the instance's user with holm's own key: the control of all checks of the network.
// It is done once, as handshakes are dear to an emulated guest, and as sshd punishes an address that tries often.
type session struct {
	connected  bool     // port 22 answers
	reached    bool     // and is the instance: it holds the pinned host key
	usedKey    bool     // the key was asked for
	offered    []string // what else the server would have taken for it
	algorithms ssh.NegotiatedAlgorithms
	err        error // why there is no session
}

func (t *trial) login(ctx context.Context) session {
	var s session
	// A server that offers passwords gets a random one: it is asked for before the key, and a wrong one harms nobody.
	offer := func(method string) { s.offered = append(s.offered, method) }
	key, err := signer(t.KeyPath)
	if err != nil {
		return session{err: err}
	}
	methods := []ssh.AuthMethod{
		ssh.PasswordCallback(func() (string, error) {
			offer("password")
			return guess(), nil
		}),
		ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			offer("keyboard-interactive")
			return make([]string, len(questions)), nil
		}),
		ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			s.usedKey = true
			return []ssh.Signer{key}, nil
		}),
	}
	conn, err := t.dial(ctx, 22, connectWithin)
	if err != nil {
		s.err = err
		return s
	}
	s.connected = true
	client, err := t.handshake(ctx, conn, &ssh.ClientConfig{User: t.User, Auth: methods}, &s.reached)
	if err != nil {
		s.err = err
		return s
	}
	if c, ok := client.(ssh.AlgorithmsConnMetadata); ok {
		s.algorithms = c.Algorithms()
	}
	_ = client.Close()
	return s
}

// guess is a password that nobody has.
func guess() string { return "holm-" + time.Now().Format(time.RFC3339Nano) }

// handshake connects as an SSH client, and holds the server to the pinned host key. Reached is set when it has shown it.
func (t *trial) handshake(ctx context.Context, conn net.Conn, config *ssh.ClientConfig, reached *bool) (ssh.Conn, error) {
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(t.HostKey))
	if err != nil {
		_ = conn.Close()
		return nil, errors.New("no host key is on record")
	}
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if !bytes.Equal(key.Marshal(), pinned.Marshal()) {
			return errors.New("the server shows another host key than the one on record")
		}
		*reached = true
		return nil
	}
	if config.HostKeyAlgorithms == nil {
		config.HostKeyAlgorithms = []string{ssh.KeyAlgoED25519}
	}
	// Closing ends a handshake with a server that does not answer.
	ctx, cancel := context.WithTimeout(ctx, loginWithin)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	client, channels, requests, err := ssh.NewClientConn(conn, net.JoinHostPort(t.Address, "22"), config)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	go func() {
		for c := range channels {
			_ = c.Reject(ssh.Prohibited, "")
		}
	}()
	return client, nil
}

// dial opens a TCP connection to the instance.
func (t *trial) dial(ctx context.Context, port int, within time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return t.env.Dial(ctx, "tcp", net.JoinHostPort(t.Address, fmt.Sprint(port)))
}

func signer(path string) (ssh.Signer, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read holm's client key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(content)
	if err != nil {
		return nil, errors.New("holm's client key cannot be read")
	}
	return key, nil
}

// control says why nothing can be learnt from attempts to log in; "" when the one that has to succeed did.
func (s session) control() string {
	if s.err != nil {
		return "control: the instance's user cannot log in: " + s.err.Error()
	}
	return ""
}
