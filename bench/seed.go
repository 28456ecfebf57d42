//go:build bench

package main

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"

	"holm/cloudinit"
	"holm/internal/atomicfile"
	"holm/internal/run"
	"holm/provisioner/network"
)

// measureSeed compares building the seed of an instance. holm's is durable when it is written and genisoimage's is not,
// so there are two rows more: both made durable, and neither.
func measureSeed(ctx context.Context, l *lab, rounds int) ([]row, error) {
	dir, err := l.scratch("seed")
	if err != nil {
		return nil, err
	}
	spec := l.seedSpec(nil)
	durable := func(context.Context) (float64, error) {
		return stopwatch(func() error {
			seed, err := cloudinit.Render(spec)
			if err != nil {
				return err
			}
			_, _, err = seed.WriteFile(filepath.Join(dir, "durable.iso"))
			return err
		})
	}
	plain := func(context.Context) (float64, error) {
		return stopwatch(func() error {
			seed, err := cloudinit.Render(spec)
			if err != nil {
				return err
			}
			image, err := seed.ISO()
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "plain.iso"), image, 0o600)
		})
	}
	files, err := writeSeedFiles(dir, spec)
	if err != nil {
		return nil, err
	}
	peer := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error { return genisoimage(ctx, filepath.Join(dir, "peer.iso"), files) })
	}
	durablePeer := func(ctx context.Context) (float64, error) {
		return stopwatch(func() error {
			path := filepath.Join(dir, "synced.iso")
			if err := genisoimage(ctx, path, files); err != nil {
				return err
			}
			return syncFile(path)
		})
	}
	s, err := alternate(ctx, rounds, l.say, durable, peer, plain, durablePeer)
	if err != nil {
		return nil, err
	}
	return []row{
		against("seed", inSeconds, s[0], "genisoimage", s[1], goal{Ratio: 0.1}),
		against("seed", inSeconds, s[0], "genisoimage, synced", s[3], goal{}),
		against("seed, not synced", inSeconds, s[2], "genisoimage", s[1], goal{Ratio: 0.1}),
	}, nil
}

// seedSpec is the seed of the planned instance; with modules it is one for an untuned boot.
func (l *lab) seedSpec(modules *cloudinit.Modules) cloudinit.Spec {
	address := l.plan.Address
	spec := cloudinit.Spec{
		InstanceID: "0123456789ab", Hostname: l.plan.Name, User: l.plan.User, Profile: l.plan.Profile,
		AuthorizedKeys: []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGLK6o4E1wQbJFnNPJzGqYHnXSWVPt9QeJcjNcGDmxYy bench"},
		MAC:            l.plan.MAC, Address: netip.PrefixFrom(address, l.plan.PrefixLen), Gateway: l.network.Gateway(),
		Modules: modules,
	}
	if six := l.network.Address6(address); six.IsValid() {
		spec.Address6, spec.Gateway6 = netip.PrefixFrom(six, network.Bits6), l.network.Gateway6()
	}
	return spec
}

// writeSeedFiles writes the seed's files one by one, as genisoimage wants them.
func writeSeedFiles(dir string, spec cloudinit.Spec) ([]string, error) {
	seed, err := cloudinit.Render(spec)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, f := range []struct {
		name    string
		content []byte
	}{{"user-data", seed.UserData}, {"meta-data", seed.MetaData}, {"network-config", seed.NetworkConfig}} {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path, f.content, 0o600); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func genisoimage(ctx context.Context, path string, files []string) error {
	args := append([]string{"-quiet", "-output", path, "-V", "cidata", "-J", "-r"}, files...)
	_, err := run.Command(ctx, "genisoimage", args...)
	return err
}

// syncFile makes a file and its name durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), atomicfile.SyncDir(filepath.Dir(path)))
}
