package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// startDatastore starts an etcd that can be reached over a socket in a folder of root's alone, and returns its address
// and how to stop it. It listens on no port.
func startDatastore() (address string, stop func(), err error) {
	dir := filepath.Join(serverDir, "db", "etcd")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("cannot make etcd's folder: %w", err)
	}
	client := url.URL{Scheme: "unix", Path: filepath.Join(serverDir, "db", "client.sock")}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(serverDir, "db", "peer.sock")}
	c := embed.NewConfig()
	c.Dir = dir
	c.LogLevel = "error"
	c.ListenClientUrls, c.ListenPeerUrls = []url.URL{client}, []url.URL{peer}
	// What it says to others about itself has to be a host and a port. There are no others.
	c.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2379"}}
	c.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2380"}}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	c.AutoCompactionMode, c.AutoCompactionRetention = "periodic", "1h"
	// One member elects itself; there is nobody to wait for.
	c.TickMs, c.ElectionMs = 20, 200
	etcd, err := embed.StartEtcd(c)
	if err != nil {
		return "", nil, fmt.Errorf("cannot start etcd in %s: %w", dir, err)
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return client.String(), etcd.Close, nil
	case err := <-etcd.Err():
		return "", nil, fmt.Errorf("etcd in %s gave up: %w", dir, err)
	case <-time.After(2 * time.Minute):
		etcd.Close()
		return "", nil, fmt.Errorf("etcd in %s is not ready after two minutes", dir)
	}
}
