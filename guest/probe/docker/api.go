package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/user"
	"path/filepath"
	"strconv"
)

const (
	dockerAPI     = "/v1.45"           // docker 26.1 speaks it, and later ones do
	label         = "holm.probe"       // what is labelled so is the checks' own, and nothing else is touched
	maxAnswer     = 1 << 20            // bytes of one answer that are read
	dockerRuntime = "/run/user"        // where the users' sockets are
	dockerSocket  = "docker.sock"      // its name there
	host          = "http://docker"    // a name for HTTP's sake
	dockerJSON    = "application/json" // of what is sent
)

// client speaks with the user's own daemon over its socket. The daemon is the user's program: what it answers is
// limited, and no answer is believed further than the attempt needs.
type client struct {
	socket string
	http   *http.Client
}

// newClient finds the socket of a user's rootless Docker; it does not connect yet.
func newClient(name string) (*client, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	return at(filepath.Join(dockerRuntime, u.Uid, dockerSocket)), nil
}

func at(socket string) *client {
	return &client{socket: socket, http: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 1,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}}
}

// close lets go of the connections.
func (d *client) close() { d.http.CloseIdleConnections() }

// ask sends one request and decodes the answer into into, which may be nil.
func (d *client) ask(ctx context.Context, method, path string, query url.Values, send, into any) error {
	var body io.Reader
	if send != nil {
		content, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(content)
	}
	stream, err := d.open(ctx, method, path, query, body, dockerJSON)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	answer, err := io.ReadAll(io.LimitReader(stream, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if len(answer) > maxAnswer {
		return fmt.Errorf("%s %s: the answer is longer than %d bytes", method, path, maxAnswer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: the answer is not what it should be: %w", method, path, err)
	}
	return nil
}

// open sends one request and returns the body of the answer, which the caller limits and closes. An answer that is not
// of the 200s is an error with Docker's own words.
func (d *client) open(
	ctx context.Context, method, path string, query url.Values, body io.Reader, kind string,
) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, host+dockerAPI+path+"?"+query.Encode(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := d.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusOK && resp.StatusCode < http.StatusMultipleChoices {
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var refusal struct {
		Message string `json:"message"`
	}
	// A refusal without words is one all the same.
	_ = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&refusal)
	return nil, &dockerRefusal{status: resp.StatusCode, what: method + " " + path, message: clean(refusal.Message)}
}

// dockerRefusal is Docker's no.
type dockerRefusal struct {
	status        int
	what, message string
}

// Error names the request, the status and what Docker said.
func (r *dockerRefusal) Error() string {
	return fmt.Sprintf("%s: %s %s", r.what, strconv.Itoa(r.status), r.message)
}

// clean makes one short line of what somebody else wrote: no control characters, at most 200 bytes.
func clean(text string) string {
	const longest = 200
	line := []rune{}
	for _, r := range text {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			r = ' '
		}
		line = append(line, r)
		if len(line) == longest {
			break
		}
	}
	return string(line)
}
