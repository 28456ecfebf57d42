//go:build bench

package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"holm/e2e/world"
)

// How much is transferred, in MiB, and how many round trips are made.
const (
	networkMiB   = "32"
	networkTrips = "300"
)

// way is one by which packets come and go.
type way struct {
	name string
	port string // the published one
	run  string // runs bench/wire in the guest, there or in the container
	env  string // of rootless Docker; "" leaves it as it is
}

// networkWays begin with the one that profile docker has.
func networkWays() []way {
	const inContainer = "docker exec served /wire "
	return []way{
		{"slirp4netns", containerPort, inContainer, "NET=slirp4netns PORT_DRIVER=builtin"},
		{"pasta", containerPort, inContainer, "NET=pasta PORT_DRIVER=implicit"},
		{"no container", barePort, "./wire ", ""},
	}
}

// flows are what is measured of each way; outside or in the guest.
var flows = []struct {
	title, unit, what, count string
	egress                   bool
}{
	{"port, download", inRate, "get", networkMiB, false},
	{"port, upload", inRate, "put", networkMiB, false},
	{"port, round trip", inSeconds, "trip", networkTrips, false},
	{"egress, download", inRate, "get", networkMiB, true},
	{"egress, upload", inRate, "put", networkMiB, true},
	{"egress, round trip", inSeconds, "trip", networkTrips, true},
}

// measureNetwork compares what a container gets of the network, as profile docker has it, with the other program that can
// carry it, and with a program in the guest without any container.
func measureNetwork(ctx context.Context, l *lab, rounds int) ([]row, error) {
	d, err := l.needDay(ctx)
	if err != nil {
		return nil, err
	}
	ways := networkWays()
	measured := make([][][]float64, len(ways)) // by way, by flow, by round
	for i := range measured {
		measured[i] = make([][]float64, len(flows))
	}
	for round := range rounds {
		l.say(fmt.Sprintf("  round %d of %d", round+1, rounds))
		for i := range ways {
			which := (round + i) % len(ways)
			if err := d.take(ctx, ways[which]); err != nil {
				return nil, fmt.Errorf("%s: %w", ways[which].name, err)
			}
			for k := range flows {
				value, err := d.flow(ctx, ways[which], k)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", ways[which].name, flows[k].title, err)
				}
				measured[which][k] = append(measured[which][k], value)
			}
		}
	}
	var rows []row
	for k, f := range flows {
		for i := 1; i < len(ways); i++ {
			rows = append(rows, against(f.title, f.unit, summarize(measured[0][k]), ways[i].name, summarize(measured[i][k]), goal{}))
		}
	}
	return rows, d.take(ctx, ways[0])
}

// take has the user's Docker carry containers' packets that way, and says whom a service in one takes its client for.
func (d *day) take(ctx context.Context, w way) error {
	if w.env == "" {
		return nil
	}
	if _, err := d.sh(ctx, fmt.Sprintf(driveScript, w.env)); err != nil {
		return err
	}
	if err := d.answers(ctx, w.port); err != nil {
		return err
	}
	who, err := d.outside(ctx, "who", net.JoinHostPort(world.HostIPv4, w.port))
	if err == nil {
		d.say("    " + w.name + ": a container sees its client as " + who)
	}
	return err
}

// driveScript starts rootless Docker anew with other settings of rootlesskit, and the container in it.
const driveScript = `set -e
dir=~/.config/systemd/user/docker.service.d
mkdir -p $dir
{ echo "[Service]"; for set in %s; do echo "Environment=DOCKERD_ROOTLESS_ROOTLESSKIT_$set"; done; } >$dir/bench.conf
systemctl --user daemon-reload
systemctl --user restart docker
docker start served`

// flow measures one of them.
func (d *day) flow(ctx context.Context, w way, k int) (float64, error) {
	f := flows[k]
	var said string
	var err error
	if f.egress {
		said, err = d.sh(ctx, w.run+f.what+" "+net.JoinHostPort(world.WebIPv4, worldPort)+" "+f.count)
	} else {
		said, err = d.outside(ctx, f.what, net.JoinHostPort(world.HostIPv4, w.port), f.count)
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(said, 64)
}
