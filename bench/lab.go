//go:build bench

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holm/images"
	"holm/internal/fault"
	"holm/internal/lock"
	"holm/internal/run"
	"holm/provisioner/hypervisor/libvirt"
	"holm/provisioner/model"
	"holm/provisioner/network"
	"holm/storage/records"
)

const (
	libvirtURI = "qemu:///system"
	// The benchmark's own network: holm-default stays what it is, even while instances are on it.
	labNetwork, labSubnet = "holm-bench", "10.79.0.0/24"
	// instance is what the benchmark calls the instances that holm makes; peers are its other domains.
	instance = "bench"
)

// peers are the domains that are not holm's. Their UUIDs follow from their names, so that what a killed benchmark left
// is found again.
var peers = []string{"holm-bench-virt-install", "holm-bench-bare", "holm-bench-untuned"}

// lab is where the measurements take place.
type lab struct {
	holm, state string
	say         func(string)
	held        *lock.Lock
	host        *libvirt.Host
	store       *images.Store
	records     *records.Bolt
	network     network.Network
	filter      string // libvirt's name for what holds interfaces to their addresses

	image images.Manifest
	plan  model.Instance // what holm would reserve for an instance: size, accelerator, machine, addresses
	day   *day           // nil until a part needs it
}

// openLab clears away what a killed benchmark left, and gets holm, its image and its network ready.
func openLab(ctx context.Context, o options, say func(string)) (l *lab, err error) {
	if os.Geteuid() != 0 {
		return nil, fault.New(fault.Unfit, "", "measuring real guests needs root: sudo make bench")
	}
	l = &lab{
		state: o.state, say: say, store: images.Open(filepath.Join(o.state, "images")),
		records: records.Open(filepath.Join(o.state, "holm.db")),
	}
	if l.holm, err = filepath.Abs(o.holm); err != nil {
		return nil, err
	}
	if l.network, err = network.Named(labNetwork, labSubnet); err != nil {
		return nil, err
	}
	// QEMU's user passes through it.
	if err := os.MkdirAll(l.state, 0o711); err != nil { //nolint:gosec // see above
		return nil, err
	}
	if l.held, err = lock.Try(l.state + ".lock"); err != nil {
		return nil, err
	}
	if l.host, err = libvirt.Connect(ctx, libvirtURI); err != nil {
		return nil, errors.Join(err, l.held.Release())
	}
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(err, l.close(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (l *lab) prepare(ctx context.Context) error {
	if err := l.sweep(ctx); err != nil {
		return err
	}
	l.say("image")
	digest, err := l.run(ctx, "image", "build", "-o", "name")
	if err != nil {
		return err
	}
	if l.image, err = l.store.Get(strings.TrimSpace(string(digest))); err != nil {
		return err
	}
	if _, err := l.run(ctx, "host", "set", "--network", labNetwork, "--subnet", labSubnet); err != nil {
		return err
	}
	plan, err := l.run(ctx, "create", "--dry-run", "-o", "json", instance)
	if failed, ok := errors.AsType[*run.Error](err); ok && failed.Code == int(fault.Refused) {
		l.say("KVM does not work here: measuring emulated guests, in lab mode")
		if _, err = l.run(ctx, "host", "set", "--lab-mode", "on"); err != nil {
			return err
		}
		plan, err = l.run(ctx, "create", "--dry-run", "-o", "json", instance)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(plan, &l.plan)
}

// run runs holm to its end, in the benchmark's state directory.
func (l *lab) run(ctx context.Context, args ...string) ([]byte, error) {
	return run.Run(ctx, run.Cmd{Name: l.holm, Args: append([]string{"--quiet"}, args...), Env: l.environment()})
}

func (l *lab) environment() []string {
	env := []string{"HOLM_STATE=" + l.state}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// needNetwork has the network up, as a host has that carries instances: bringing it up is no part of any row.
func (l *lab) needNetwork(ctx context.Context) error {
	xml, err := l.network.XML()
	if err != nil {
		return err
	}
	name, filter, err := network.Guard(l.state)
	if err != nil {
		return err
	}
	l.filter = name
	return errors.Join(l.host.EnsureFilter(ctx, name, filter), l.host.EnsureNetwork(ctx, xml))
}

// scratch makes an empty folder that QEMU's user can pass through.
func (l *lab) scratch(name string) (string, error) {
	dir := filepath.Join(l.state, name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o711) //nolint:gosec // see above
}

// close removes everything but the images.
func (l *lab) close(ctx context.Context) error {
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := l.sweep(ctx)
	if l.day != nil {
		err = errors.Join(err, l.day.end(ctx))
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errNotClean, err)
	}
	return errors.Join(err, l.host.Close(), l.held.Release(), os.Remove(l.state+".lock"))
}

// sweep carries on past errors.
func (l *lab) sweep(ctx context.Context) error {
	all, err := l.records.List(ctx, "")
	failed := []error{err}
	for _, inst := range all {
		_, err := l.run(ctx, "rm", "--yes", "--tenant", inst.Tenant, inst.Name)
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		// Without its records nobody would find what is left of an instance.
		return fmt.Errorf("clear %s: %w", l.state, err)
	}
	for _, name := range peers {
		failed = append(failed, l.drop(ctx, name))
	}
	_, err = l.host.RemoveNetwork(ctx, l.network.UUID)
	failed = append(failed, err, network.Firewall{}.Apply(ctx, l.network.Removal()))
	if l.filter != "" {
		failed = append(failed, l.host.RemoveFilter(ctx, l.filter))
	}
	if err := l.dropLoops(); err != nil {
		return errors.Join(append(failed, err)...) // nothing is deleted under a mount
	}
	entries, err := os.ReadDir(l.state)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		failed = append(failed, err)
	}
	for _, e := range entries {
		if e.Name() != "images" {
			failed = append(failed, os.RemoveAll(filepath.Join(l.state, e.Name())))
		}
	}
	// libvirt keeps a log of each domain that ever was.
	for _, domain := range append(peers, "holm.default."+instance, "holm.default."+dayGuest) {
		logs, err := filepath.Glob("/var/log/libvirt/qemu/" + domain + ".log*")
		failed = append(failed, err)
		for _, log := range logs {
			failed = append(failed, os.Remove(log))
		}
	}
	return errors.Join(failed...)
}

// drop removes a peer's domain, if it is there.
func (l *lab) drop(ctx context.Context, name string) error {
	uuid := network.UUID(name)
	return errors.Join(l.host.Destroy(ctx, uuid), l.host.Undefine(ctx, uuid))
}
