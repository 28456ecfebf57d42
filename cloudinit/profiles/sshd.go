package profiles

import (
	"net/netip"
	"strings"
)

// sshd is what sshd is told of one instance. Its file sorts before the image's, and sshd keeps the first value that it
// reads.
type sshd struct {
	keys   []string // files with the keys that may log in
	open   []string // where "ssh -L" may lead
	exempt []string // who is never made to wait
}

// newSSHD lets "ssh -L" reach the instance by its own addresses, too. The host is excepted from the penalties for
// connections that come to nothing: a burst of docker's commands on a slow machine would shut out the next of holm's.
func newSSHD(p Params) sshd {
	s := sshd{
		keys: []string{".ssh/authorized_keys", "/etc/ssh/holm/%u"},
		open: []string{"localhost:*", "127.0.0.1:*", "[::1]:*"},
	}
	if p.Hostname != "" {
		s.open = append(s.open, p.Hostname+":*")
	}
	for _, own := range []netip.Addr{p.Address, p.Address6} {
		switch {
		case own.Is4():
			s.open = append(s.open, own.String()+":*")
		case own.Is6():
			s.open = append(s.open, "["+own.String()+"]:*")
		}
	}
	for _, host := range p.Gateways {
		if host.IsValid() {
			s.exempt = append(s.exempt, host.String())
		}
	}
	return s
}

func (s sshd) encode() []byte {
	var b strings.Builder
	line := func(keyword string, values []string, separator string) {
		if len(values) > 0 {
			b.WriteString(keyword + " " + strings.Join(values, separator) + "\n")
		}
	}
	line("AuthorizedKeysFile", s.keys, " ")
	line("PermitOpen", s.open, " ")
	line("PerSourcePenaltyExemptList", s.exempt, ",")
	return []byte(b.String())
}
