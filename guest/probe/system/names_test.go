package system

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"holm/guest/report"
)

func TestWhatTheResolverServesIsJudged(t *testing.T) {
	at := func(all ...string) (bound []netip.AddrPort) {
		for _, text := range all {
			bound = append(bound, netip.MustParseAddrPort(text))
		}
		return bound
	}
	for name, c := range map[string]struct {
		found namesFound
		want  report.Outcome
	}{
		"on loopback only":            {namesFound{bound: at("127.0.0.53:53", "127.0.0.54:53", "[::1]:53")}, report.Passed},
		"on every address":            {namesFound{bound: at("127.0.0.53:53", "0.0.0.0:53")}, report.Failed},
		"on every address, IPv6":      {namesFound{bound: at("127.0.0.53:53", "[::]:53")}, report.Failed},
		"on one that others reach":    {namesFound{bound: at("127.0.0.53:53", "10.77.0.2:53")}, report.Failed},
		"it does not answer":          {namesFound{bound: at("127.0.0.53:53"), silent: errors.New("no")}, report.Failed},
		"somebody else answers":       {namesFound{}, report.Inconclusive},
		"resolv.conf leads nowhere":   {namesFound{bound: at("127.0.0.53:53"), astray: "nowhere"}, report.Failed},
		"resolv.conf is its owner's":  {namesFound{bound: at("127.0.0.53:53"), astray: "its own", owned: true}, report.Passed},
		"its owner's, and all served": {namesFound{bound: at("0.0.0.0:53"), astray: "its own", owned: true}, report.Failed},
	} {
		if got := c.found.judge("x"); got.Outcome != c.want {
			t.Errorf("%s: %s (%s), want %s", name, got.Outcome, got.Found, c.want)
		}
	}
}

func TestWhereResolvConfLeadsIsSaid(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content string
		right   bool
		owned   bool
	}{
		"stub":  {"# x\nnameserver 127.0.0.53\noptions edns0\n", true, false},
		"owner": {"nameserver 192.0.2.1\n", false, true},
		"empty": {"", false, false},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(file, file+".link"); err != nil {
			t.Fatal(err)
		}
		if astray, owned := leadsTo(file + ".link"); (astray == "") != c.right || owned != c.owned {
			t.Errorf("%s: %q, %v", name, astray, owned)
		}
	}
	if astray, _ := leadsTo(filepath.Join(dir, "none")); astray == "" {
		t.Error("one that is not there leads to the resolver")
	}
}

func TestSocketsOfThePortForNamesAreFound(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("port 53 is root's")
	}
	conn, err := net.ListenPacket("udp", "127.0.5.3:53")
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = conn.Close() }()
	bound, err := servingNames(os.Getpid())
	if err != nil || !slices.Contains(bound, netip.MustParseAddrPort("127.0.5.3:53")) {
		t.Errorf("found %v (%v)", bound, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := asksLocalhost(ctx, "tcp", "127.0.5.3:53"); err == nil {
		t.Error("where nobody listens by TCP, there was an answer")
	}
}
