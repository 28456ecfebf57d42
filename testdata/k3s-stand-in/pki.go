package main

import (
	"net"
	"net/netip"
	"path/filepath"
)

// pki are the files of the cluster's certificates and keys, where k3s has them.
type pki struct {
	serverCA, clientCA string
	serving, admin     keyPair
	serviceKey         string // signs the tokens of service accounts
}

type keyPair struct{ cert, key string }

// makePKI makes what is missing: the authorities and the key of service accounts once, what they sign at each start, for
// an instance's address may change.
func makePKI(c config) (pki, error) {
	path := func(name string) string { return filepath.Join(serverDir, "tls", name) }
	p := pki{
		serverCA:   path("server-ca.crt"),
		clientCA:   path("client-ca.crt"),
		serving:    keyPair{path("serving-kube-apiserver.crt"), path("serving-kube-apiserver.key")},
		admin:      keyPair{path("client-admin.crt"), path("client-admin.key")},
		serviceKey: path("service.key"),
	}
	server, err := loadAuthority(keyPair{p.serverCA, path("server-ca.key")}, "k3s-stand-in-server-ca")
	if err != nil {
		return pki{}, err
	}
	client, err := loadAuthority(keyPair{p.clientCA, path("client-ca.key")}, "k3s-stand-in-client-ca")
	if err != nil {
		return pki{}, err
	}
	if _, err := loadKey(p.serviceKey); err != nil {
		return pki{}, err
	}
	names, addrs := subjectAltNames(c)
	if err := server.sign(p.serving, subject{name: "kube-apiserver", dns: names, ips: addrs}); err != nil {
		return pki{}, err
	}
	if err := client.sign(p.admin, subject{name: "system:admin", group: "system:masters"}); err != nil {
		return pki{}, err
	}
	return p, nil
}

func subjectAltNames(c config) (names []string, addrs []net.IP) {
	all := append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost",
		"127.0.0.1", "::1", "10.43.0.1", c.NodeName, c.NodeIP,
	}, c.TLSSAN...)
	for _, name := range all {
		if addr, err := netip.ParseAddr(name); err == nil {
			addrs = append(addrs, addr.AsSlice())
		} else if name != "" {
			names = append(names, name)
		}
	}
	return names, addrs
}
