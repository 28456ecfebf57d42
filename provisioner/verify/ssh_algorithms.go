package verify

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

func sshAlgorithms() rule {
	return rule{
		id: "ssh-algorithms", side: Network, source: "CIS Debian 5.1.6, 5.1.12, 5.1.15", promise: "SSH takes modern algorithms only",
		try: func(ctx context.Context, t *trial) found {
			const tried = "connect with SHA-1, CBC, RC4 and RSA/SHA-1 alone; read what the server offers"
			s := t.session()
			if why := s.control(); why != "" {
				return inconclusive(tried, "%s", why)
			}
			conn, err := t.dial(ctx, 22, connectWithin)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			recorded := &recorder{Conn: conn}
			old := ssh.InsecureAlgorithms()
			reached := false
			client, err := t.handshake(ctx, recorded, &ssh.ClientConfig{
				Config: ssh.Config{KeyExchanges: old.KeyExchanges, Ciphers: old.Ciphers, MACs: old.MACs},
				User:   t.User, HostKeyAlgorithms: old.HostKeys,
			}, &reached)
			if err == nil {
				_ = client.Close()
				return failed(tried, "the server agreed to legacy algorithms")
			}
			offer, parseErr := recorded.offer()
			if parseErr != nil {
				return inconclusive(tried, "the server's offer cannot be read (%v): %v", parseErr, err)
			}
			if weak := offer.weak(); len(weak) > 0 {
				return failed(tried, "the server offers %s", strings.Join(weak, ", "))
			}
			return passed(tried, "no agreement; control: %s, %s", s.algorithms.KeyExchange, s.algorithms.Read.Cipher)
		},
	}
}

// offer is the message with which an SSH server begins: RFC 4253, 7.1.
type offer struct {
	Cookie                                   [16]byte `sshtype:"20"`
	Kex, HostKeys                            []string
	CiphersIn, CiphersOut, MACsIn, MACsOut   []string
	CompressIn, CompressOut, LangIn, LangOut []string
	FirstFollows                             bool
	Reserved                                 uint32
}

// legacy are parts of names of algorithms that are broken or too short for today.
func legacy(name string) bool {
	if name == "none" || name == "ssh-rsa" || strings.HasPrefix(name, "ssh-rsa-cert") {
		return true
	}
	return slices.ContainsFunc([]string{
		"sha1", "md5", "cbc", "arcfour", "3des", "blowfish", "cast128", "rijndael", "umac-64", "dss", "ripemd", "group1-",
	}, func(part string) bool { return strings.Contains(name, part) })
}

func (o offer) weak() []string {
	var weak []string
	for _, name := range slices.Concat(o.Kex, o.HostKeys, o.CiphersIn, o.CiphersOut, o.MACsIn, o.MACsOut) {
		if legacy(name) && !slices.Contains(weak, name) {
			weak = append(weak, name)
		}
	}
	return weak
}

// recorder keeps the beginning of what a server sends.
type recorder struct {
	net.Conn
	mu   sync.Mutex
	head []byte
}

// maxHead is more than a banner and an offer take: RFC 4253 lets a packet have 35000 bytes.
const maxHead = 64 << 10

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head = append(r.head, p[:min(n, maxHead-len(r.head))]...)
	return n, err
}

func (r *recorder) offer() (offer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return parseOffer(r.head)
}

var errOffer = errors.New("it is cut off, or none")

// parseOffer finds the offer behind the banner in what an SSH server sends. A packet is its length, the length of its
// padding, the message and the padding.
func parseOffer(head []byte) (offer, error) {
	var o offer
	for {
		line, rest, ok := bytes.Cut(head, []byte("\n"))
		if !ok {
			return o, errOffer
		}
		head = rest
		if bytes.HasPrefix(line, []byte("SSH-")) {
			break
		}
	}
	const lengths = 5
	if len(head) < lengths {
		return o, errOffer
	}
	size, padding := int64(binary.BigEndian.Uint32(head)), int64(head[4])
	if size > int64(len(head)-4) || size-1-padding <= 0 {
		return o, errOffer
	}
	if err := ssh.Unmarshal(head[lengths:4+size-padding], &o); err != nil {
		return o, errOffer
	}
	return o, nil
}
