package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"holm/guest/probe"
)

func systemHostKey() probe.Check {
	return probe.Check{
		ID:      "host-key",
		Source:  "CIS Debian 5.1.2, ssh-audit",
		Promise: "sshd proves itself with one key of its own, ed25519, which root alone can read.",
		Try: func(ctx context.Context, _ *probe.Env) probe.Result {
			return tryHostKey(ctx, "127.0.0.1:22", "/etc/ssh/ssh_host_ed25519_key")
		},
	}
}

// sshdWithin bounds how long sshd, which starts beside the rest, is waited for, and then how long it may take to greet: right
// after a restart its containers start, too.
const sshdWithin = 20 * time.Second

func tryHostKey(ctx context.Context, address, keyFile string) probe.Result {
	const tried = "ask sshd for its host key, of any kind rather than ed25519"
	if err := privateToRoot(keyFile); err != nil {
		return probe.Failed(tried, "%v", err)
	}
	public, err := os.ReadFile(keyFile + ".pub")
	if err != nil {
		return probe.Failed(tried, "%v", err)
	}
	want, _, _, _, err := ssh.ParseAuthorizedKey(public)
	if err != nil {
		return probe.Failed(tried, "read %s.pub: %v", keyFile, err)
	}
	got, err := hostKey(ctx, address)
	switch {
	case err != nil:
		return probe.Failed(tried, "%v", err)
	case got.Type() != ssh.KeyAlgoED25519:
		return probe.Failed(tried, "sshd has another key besides, %s", got.Type())
	case !bytes.Equal(got.Marshal(), want.Marshal()):
		return probe.Failed(tried, "sshd proves itself with %s, not with %s", ssh.FingerprintSHA256(got), ssh.FingerprintSHA256(want))
	}
	return probe.Passed(tried, "%s, no other", ssh.FingerprintSHA256(got))
}

// privateToRoot wants the file to belong to root, and nobody else to have any right to it.
func privateToRoot(file string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || owner.Uid != 0 || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not root's alone: %s", file, info.Mode())
	}
	return nil
}

// errGotKey ends a handshake as soon as the server has proved that it has the key.
var errGotKey = errors.New("got the key")

// hostKey goes through a handshake until the server has proved that it has a key. Of the kinds of keys that both sides
// know, the one that the client names first is used: so ed25519, named last, means that the server has no other.
func hostKey(ctx context.Context, address string) (ssh.PublicKey, error) {
	conn, err := dialWaiting(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(sshdWithin)); err != nil {
		return nil, err
	}
	var key ssh.PublicKey
	_, _, _, err = ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: "holm",
		HostKeyAlgorithms: []string{
			ssh.KeyAlgoRSA, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512,
			ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoED25519,
		},
		HostKeyCallback: func(_ string, _ net.Addr, got ssh.PublicKey) error {
			key = got
			return errGotKey
		},
	})
	if key != nil {
		return key, nil
	}
	return nil, fmt.Errorf("handshake with sshd: %w", err)
}

// dialWaiting connects, trying again while nobody listens.
func dialWaiting(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, sshdWithin)
	defer cancel()
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("sshd does not listen: %s", strings.TrimSpace(err.Error()))
		case <-time.After(250 * time.Millisecond):
		}
	}
}
