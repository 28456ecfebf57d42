//go:build bench

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"holm/internal/run"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/storage/records"
)

// listed is how many instances a large host has on record, and then some.
const listed = 10_000

// measureList compares listing many instances: the records alone, and the whole process, which asks libvirt for the
// states besides and prints them. The peer lists the few domains that this libvirt has: 10,000 would not fit here.
func measureList(ctx context.Context, l *lab, rounds int) ([]row, error) {
	dir, err := l.scratch("ls")
	if err != nil {
		return nil, err
	}
	store := records.Open(filepath.Join(dir, "holm.db"))
	if err := store.Fill(ctx, l.manyInstances()); err != nil {
		return nil, err
	}
	inProcess := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error {
			list, err := store.List(ctx, "")
			if err == nil && len(list) != listed {
				err = fmt.Errorf("%d instances are listed instead of %d", len(list), listed)
			}
			return err
		})
	}
	process := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error {
			_, err := run.Run(ctx, run.Cmd{Name: l.holm, Args: []string{"ls", "--state", dir}, Stdout: io.Discard})
			return err
		})
	}
	virsh := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error {
			_, err := run.Run(ctx, run.Cmd{Name: "virsh", Args: []string{"-q", "-c", libvirtURI, "list", "--all"}, Stdout: io.Discard})
			return err
		})
	}
	states, err := l.host.States(ctx)
	if err != nil {
		return nil, err
	}
	s, err := alternate(ctx, rounds, func(string) {}, inProcess, process, virsh)
	if err != nil {
		return nil, err
	}
	peer := fmt.Sprintf("virsh list of %d", len(states))
	return []row{
		alone("ls 10,000, records", inSeconds, s[0], goal{Most: 0.05}),
		against("ls 10,000, all", inSeconds, s[1], peer, s[2], goal{}),
	}, nil
}

// manyInstances are complete records, as those of ready instances of fifty tenants.
func (l *lab) manyInstances() []model.Instance {
	const tenants = 50
	many := make([]model.Instance, listed)
	for i := range many {
		inst := l.plan
		inst.ID, inst.Tenant, inst.Name = fmt.Sprintf("%012x", i), fmt.Sprintf("tenant-%02d", i%tenants), fmt.Sprintf("web-%05d", i)
		inst.UUID = network.UUID(inst.Name)
		inst.Domain = "holm." + inst.Tenant + "." + inst.Name
		inst.State, inst.Created = model.Ready, time.Unix(int64(1_700_000_000+i), 0).UTC()
		inst.ChecksPassed, inst.ChecksTotal = 4, 4
		many[i] = inst
	}
	return many
}
