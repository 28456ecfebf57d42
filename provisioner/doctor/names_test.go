package doctor

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"holm/provisioner/environment"
	"holm/provisioner/model"
)

func TestNameServersAreJudgedBeforeAnInstanceMissesThem(t *testing.T) {
	address := netip.MustParseAddr
	for name, c := range map[string]struct {
		set    model.Environment
		found  environment.Resolver
		want   Status
		says   string
		remedy string
	}{
		"one that answers": {found: environment.Resolver{Servers: []netip.Addr{address("192.0.2.1")}, File: "/etc/resolv.conf"}, want: OK, says: "192.0.2.1, found in /etc/resolv.conf"},
		"one that is set":  {set: model.Environment{Nameservers: []string{"192.0.2.1"}}, want: OK, says: "192.0.2.1, of this host's settings"},
		"one that is silent": {
			found: environment.Resolver{Servers: []netip.Addr{address("192.0.2.1"), address("192.0.2.66")}, File: "/etc/resolv.conf"},
			want:  Warn, says: "not answered within 2s by 192.0.2.66", remedy: nameServersRemedy,
		},
		"a stub on loopback": {found: environment.Resolver{Stubs: []netip.Addr{address("127.0.0.1")}}, want: Warn, says: "this host asks 127.0.0.1", remedy: nameServersRemedy},
		"nothing at all":     {want: Warn, says: "this host has no name server", remedy: nameServersRemedy},
		"none, on purpose":   {set: model.Environment{Nameservers: []string{model.None}}, want: OK, says: "are to have no name server"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t.Context(), Options{
				Names: func() (environment.InForce, environment.Resolver) {
					return environment.Merge(model.Environment{}, model.Environment{}, c.set, c.found, true), c.found
				},
				Probes: Probes{Ask: func(_ context.Context, server netip.Addr) error {
					if server == address("192.0.2.66") {
						return errors.New("i/o timeout")
					}
					return nil
				}},
			})
			got := checkNames(t.Context(), e)
			if got.Status != c.want || !strings.Contains(got.Found, c.says) || got.Remedy != c.remedy {
				t.Errorf("got %+v, want %s %q → %q", got, c.want, c.says, c.remedy)
			}
		})
	}
}
