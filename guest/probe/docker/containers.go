package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// dockerID is what an id from the daemon has to look like before it goes into a path.
var dockerID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// container is what POST /containers/create is told.
type container struct {
	Image      string            `json:"Image"`
	User       string            `json:"User,omitempty"`
	Entrypoint []string          `json:"Entrypoint"`
	Labels     map[string]string `json:"Labels"`
	HostConfig hostConfig        `json:"HostConfig"`
}

type hostConfig struct {
	ReadonlyRootfs bool              `json:"ReadonlyRootfs"`
	CapDrop        []string          `json:"CapDrop,omitempty"`
	Privileged     bool              `json:"Privileged,omitempty"`
	PidMode        string            `json:"PidMode,omitempty"`
	Mounts         []mount           `json:"Mounts"`
	Tmpfs          map[string]string `json:"Tmpfs"`
}

type mount struct {
	Type     string `json:"Type"`
	Source   string `json:"Source"`
	Target   string `json:"Target"`
	ReadOnly bool   `json:"ReadOnly"`
}

// dockerState is the part of GET /containers/ID/json that the checks need.
type dockerState struct {
	State struct {
		Pid   int
		Error string
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress, Gateway string }
	}
}

// address is the container's on Docker's default bridge.
func (s *dockerState) address() (netip.Addr, error) {
	addr, err := netip.ParseAddr(s.NetworkSettings.Networks["bridge"].IPAddress)
	if err != nil {
		return netip.Addr{}, errors.New("it has no address on Docker's default bridge")
	}
	return addr, nil
}

// gateway is that of Docker's default bridge; it is not valid when there is none.
func (s *dockerState) gateway() netip.Addr {
	addr, err := netip.ParseAddr(s.NetworkSettings.Networks["bridge"].Gateway)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// create makes a container and returns its id.
func (d *client) create(ctx context.Context, c container) (string, error) {
	var made struct{ ID string }
	if err := d.ask(ctx, http.MethodPost, "/containers/create", nil, c, &made); err != nil {
		return "", err
	}
	if !dockerID.MatchString(made.ID) {
		return "", fmt.Errorf("docker made a container with the id %q", clean(made.ID))
	}
	return made.ID, nil
}

func (d *client) start(ctx context.Context, id string) error {
	return d.ask(ctx, http.MethodPost, "/containers/"+id+"/start", nil, nil, nil)
}

func (d *client) inspect(ctx context.Context, id string) (dockerState, error) {
	var s dockerState
	if err := d.ask(ctx, http.MethodGet, "/containers/"+id+"/json", nil, nil, &s); err != nil {
		return s, err
	}
	if s.State.Pid <= 1 {
		return s, fmt.Errorf("the container does not run: %s", clean(s.State.Error))
	}
	return s, nil
}

// told waits for the first line that a container writes and decodes it.
func (d *client) told(ctx context.Context, id string, into any) error {
	query := url.Values{"follow": {"1"}, "stdout": {"1"}, "stderr": {"1"}}
	stream, err := d.open(ctx, http.MethodGet, "/containers/"+id+"/logs", query, nil, "")
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	line, err := firstLine(io.LimitReader(stream, maxAnswer))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("the container tells %q: %w", clean(string(line)), err)
	}
	return nil
}

// remove removes a container or an image whatever its state; one that is gone is no error.
func (d *client) remove(ctx context.Context, kind, id string) error {
	query := url.Values{"force": {"1"}}
	if kind == "containers" {
		query.Set("v", "1")
	}
	err := d.ask(ctx, http.MethodDelete, "/"+kind+"/"+url.PathEscape(id), query, nil, nil)
	if refusal, ok := errors.AsType[*dockerRefusal](err); ok && refusal.status == http.StatusNotFound {
		return nil
	}
	return err
}

// sweep removes what an earlier run has left behind, by its label.
func (d *client) sweep(ctx context.Context) error {
	filters, err := json.Marshal(map[string][]string{"label": {label}})
	if err != nil {
		return err
	}
	for _, kind := range []string{"containers", "images"} {
		var left []struct {
			ID     string `json:"Id"`
			Labels map[string]string
		}
		query := url.Values{"all": {"1"}, "filters": {string(filters)}}
		if err := d.ask(ctx, http.MethodGet, "/"+kind+"/json", query, nil, &left); err != nil {
			return err
		}
		for _, one := range left {
			// A daemon that does not filter must not make us remove what is somebody else's.
			_, ours := one.Labels[label]
			if !ours || !dockerID.MatchString(strings.TrimPrefix(one.ID, "sha256:")) {
				continue
			}
			if err := d.remove(ctx, kind, one.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
