package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"holm/guest/probe/checks"
	"holm/internal/fault"
	"holm/internal/lock"
)

// BuildOptions say what to build.
type BuildOptions struct {
	Lock   Lock
	Mirror Mirror
	// K3s makes an image that can be a Kubernetes node, in place of what the lock says of it; nil leaves it to the lock.
	K3s *K3s
	// Locked refuses when a package of the lock is gone; otherwise today's packages take its place.
	Locked bool
	// Force builds although the store has an image of the same inputs.
	Force bool
	// Progress is told what is being done; total is 0 when it cannot be known. Nil is nobody.
	Progress func(phase string, done, total int64)
	// Moved is told, before the long work, which packages differ from the lock. Nil is nobody.
	Moved func([]Move)
}

// Build makes the image of a lock and publishes it, or returns the one that is there. It needs root, because it
// installs packages into a folder. Only one build runs at a time in a store; another one waits.
func (s *Store) Build(ctx context.Context, o BuildOptions) (m Manifest, err error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.K3s != nil && o.Lock.Profile == Hypervisor {
		return Manifest{}, fault.New(fault.Usage, "build the two one after the other", "k3s goes into an image of instances, not into a host's")
	}
	if o.K3s != nil {
		if err := o.K3s.check(); err != nil {
			return Manifest{}, err
		}
		if err := o.K3s.verify(ctx); err != nil {
			return Manifest{}, err
		}
		o.Lock.K3s = o.K3s
	}
	guest, err := guestPayload()
	if err != nil {
		return Manifest{}, err
	}
	inputs, err := guest.inputs(o.Lock)
	if o.Lock.Profile == Hypervisor {
		inputs, err = hostInputs(o.Lock)
	}
	if err != nil {
		return Manifest{}, err
	}
	if err := s.prepare(); err != nil {
		return Manifest{}, err
	}
	held, err := lock.Acquire(ctx, filepath.Join(s.dir, ".build.lock"))
	if err != nil {
		return Manifest{}, err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	if !o.Force {
		there, ok, err := s.ByInputs(inputs)
		if err != nil {
			return Manifest{}, err
		}
		if ok && (!o.Locked || !there.Unlocked) {
			return there, nil
		}
	}
	if os.Geteuid() != 0 {
		return Manifest{}, fault.New(fault.RootNeeded, "run: sudo holm image build", "building an image needs root")
	}
	if err := s.sweep(); err != nil {
		return Manifest{}, err
	}
	scratch, err := os.MkdirTemp(s.dir, scratchPrefix+"build-")
	if err != nil {
		return Manifest{}, err
	}
	m, err = s.build(ctx, scratch, inputs, guest, o)
	return m, errors.Join(err, os.RemoveAll(scratch))
}

// build makes an image in a scratch folder and publishes it.
func (s *Store) build(ctx context.Context, scratch, inputs string, guest payload, o BuildOptions) (Manifest, error) {
	undo, err := openMount(scratch)
	if err != nil {
		return Manifest{}, err
	}
	out := filepath.Join(scratch, "image")
	m, err := s.make(ctx, scratch, out, inputs, guest, o)
	// Before anything is renamed, or removed.
	if err := errors.Join(err, undo()); err != nil {
		return Manifest{}, err
	}
	o.Progress("publish", 0, 0)
	return s.publish(ctx, out, m)
}

// make makes the files of an image.
func (s *Store) make(ctx context.Context, scratch, out, inputs string, guest payload, o BuildOptions) (Manifest, error) {
	o.Progress("package lists", 0, 0)
	mirror, err := fetchIndex(ctx, filepath.Join(scratch, "apt"), o.Mirror, o.Lock.Suite)
	if err != nil {
		return Manifest{}, err
	}
	gone := mirror.gone(o.Lock)
	if len(gone) > 0 && o.Locked {
		return Manifest{}, fault.New(fault.Failure, "renew the lock: holm image lock      or take today's packages: holm image build",
			"the mirror no longer has %d packages of the lock: %s", len(gone), joinMoves(gone))
	}
	if len(gone) > 0 && o.Moved != nil {
		o.Moved(gone)
	}
	root := filepath.Join(scratch, "root")
	err = bootstrap(ctx, root, o.Lock, o.Mirror, len(gone) == 0 && len(o.Lock.Packages) > 0, func(done, total int64) {
		o.Progress("packages", done, total)
	})
	if err != nil {
		return Manifest{}, err
	}
	installed, err := mirror.installed(ctx, root)
	if err != nil {
		return Manifest{}, err
	}
	moved := o.Lock.moves(installed)
	m := Manifest{
		Name: o.Lock.Name, Suite: o.Lock.Suite, Inputs: inputs, Epoch: time.Unix(o.Lock.Epoch, 0).UTC(),
		Unlocked: len(moved) > 0, Moved: moved, Profiles: []string{"plain", "docker"}, Builder: runtime.Version(),
		Packages: installed, Salt: "-",
	}
	if o.Lock.K3s != nil {
		o.Progress("k3s", 0, 0)
		if err := m.addK3s(ctx, root, scratch, o.Lock.K3s); err != nil {
			return Manifest{}, err
		}
	}
	if o.Lock.Profile == Hypervisor {
		m.Profiles = []string{Hypervisor}
		err = assembleHost(ctx, root, out, &m, o.Progress)
		return m, err
	}
	m.Checks = promises(m.Profiles)
	err = assemble(ctx, ownTools(), root, out, guest, &m, o.Progress)
	return m, err
}

// promises are the checks that an instance of each profile has to report.
func promises(profiles []string) map[string][]string {
	promised := make(map[string][]string, len(profiles))
	for _, p := range profiles {
		promised[p] = checks.IDs(p)
	}
	return promised
}

func joinMoves(moves []Move) string {
	const most = 5
	var parts []string
	for i, m := range moves {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(moves)-most))
			break
		}
		parts = append(parts, m.String())
	}
	return strings.Join(parts, ", ")
}
