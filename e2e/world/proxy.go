package world

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// startProxy serves HTTP to anybody, and tunnels to port 443.
func (w *World) startProxy(ctx context.Context) error {
	settings := filepath.Join(w.dir, "proxy.conf")
	lines := []string{
		"Port 3128", "Listen " + ProxyIPv4, "Listen " + ProxyIPv6, "Timeout 600", "MaxClients 100", "LogLevel Connect", "ConnectPort 443",
		`ViaProxyName "` + ProxyName + `"`, "",
	}
	if err := os.WriteFile(settings, []byte(strings.Join(lines, "\n")), 0o644); err != nil { //nolint:gosec // read by nobody
		return err
	}
	return w.serve(ctx, "proxy", func(ctx context.Context) error {
		for _, server := range []string{ProxyIPv4, ProxyIPv6} {
			c, err := w.client.dial(ctx, "tcp", net.JoinHostPort(server, "3128"))
			if err != nil {
				return err
			}
			_ = c.Close()
		}
		return nil
	}, "tinyproxy", "-d", "-c", settings)
}
