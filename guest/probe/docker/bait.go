package docker

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// slirpHost is the address behind which slirp4netns shows its host's loopback, unless it is told not to.
const slirpHost = "10.0.2.2"

// dockerBait is one thing that the confined container tries to reach.
type dockerBait struct {
	name   string
	where  string // for dial
	socket bool   // the check of sockets wants it out of reach
}

// layBaits opens what the container is to reach and what it is not, and lists it; the neighbour is the first. One
// listener is on the guest's own address, which a container reaches: that shows that the way through slirp4netns works.
// One is on the guest's loopback, and one is an abstract socket where the daemon lives.
func (r *runner) layBaits(ctx context.Context, daemon int, neighbour *dockerState) ([]dockerBait, error) {
	next, err := neighbour.address()
	if err != nil {
		return nil, err
	}
	outside, err := dockerOutside()
	if err != nil {
		return nil, err
	}
	open, err := r.bait(ctx, "tcp4", net.JoinHostPort(outside.String(), "0"))
	if err != nil {
		return nil, err
	}
	loopback, err := r.bait(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	abstract := "@holm-probe-" + r.nonce
	if err := within(daemon, func() error { _, err := r.bait(ctx, "unix", abstract); return err }); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(loopback)
	if err != nil {
		return nil, err
	}
	baits := []dockerBait{
		{name: tryNeighbour, where: "tcp " + net.JoinHostPort(next.String(), strconv.Itoa(dockerPort))},
		{name: tryOutside, where: "tcp " + open},
		{name: "a listener of the guest's loopback", where: "tcp " + net.JoinHostPort(slirpHost, port), socket: true},
		{name: "an abstract socket", where: "unix " + abstract, socket: true},
	}
	return append(baits, dockerDoors(neighbour.gateway(), r.api.socket)...), nil
}

// dockerDoors are where a Docker or a service of the guest's might be reached from a container.
func dockerDoors(gateway netip.Addr, own string) []dockerBait {
	var doors []dockerBait
	for _, path := range []string{own, "/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock"} {
		doors = append(doors, dockerBait{name: path, where: "unix " + path, socket: true})
	}
	tcp := []string{net.JoinHostPort(slirpHost, "22"), net.JoinHostPort(slirpHost, "2375"), net.JoinHostPort(slirpHost, "2376")}
	if gateway.IsValid() {
		tcp = append(tcp, net.JoinHostPort(gateway.String(), "2375"), net.JoinHostPort(gateway.String(), "2376"))
	}
	for _, address := range tcp {
		doors = append(doors, dockerBait{name: address, where: "tcp " + address, socket: true})
	}
	return doors
}

// bait listens until the run is tidied up. Nobody accepts: the kernel greets who comes.
func (r *runner) bait(ctx context.Context, network, address string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return "", fmt.Errorf("lay out a bait: %w", err)
	}
	r.close = append(r.close, l.Close)
	return l.Addr().String(), nil
}
