package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxBody bounds what the web server sends or takes at once, in bytes.
const maxBody = 256 << 20

// serveWeb serves on port 80 of the web server's addresses.
func (w *World) serveWeb(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", hello)
	mux.HandleFunc("GET /bytes/{n}", giveBytes)
	mux.HandleFunc("POST /", countBytes)
	w.web = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	for _, address := range []string{WebIPv4, WebIPv6} {
		l, err := w.servers.listen(ctx, net.JoinHostPort(address, "80"))
		if err != nil {
			return err
		}
		go func() {
			if err := w.web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				_ = l.Close() // whoever asks next sees that nobody is there
			}
		}()
	}
	return nil
}

// hello says who asks, for what, and through which proxies.
func hello(w http.ResponseWriter, r *http.Request) {
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	w.Header().Set("Content-Type", "text/plain")
	_, _ = fmt.Fprintf(w, "client %s\nhost %q\nvia %q\n", client, r.Host, r.Header.Get("Via")) //nolint:gosec // plain text, for curl
}

// giveBytes sends as many zeros as the path says.
func giveBytes(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.PathValue("n"), 10, 64)
	if err != nil || n < 0 || n > maxBody {
		http.Error(w, "a number of bytes, at most "+strconv.Itoa(maxBody), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	_, _ = io.CopyN(w, zeros{}, n)
}

// countBytes says how many bytes came.
func countBytes(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, "%d bytes\n", n)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
