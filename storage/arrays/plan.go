package arrays

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"

	"holm/internal/fault"
	"holm/internal/run"
)

// alike is the part of the largest drive that the smallest one has to have: the rest of the larger ones is lost.
const alike = 0.9

// Plan holds a spec against the machine. It changes nothing, and fails when any of the drives holds, or is a part of,
// anything.
func (b Builder) Plan(ctx context.Context, s Spec) (Plan, error) {
	if err := s.check(); err != nil {
		return Plan{}, err
	}
	if err := b.programs(s.FS); err != nil {
		return Plan{}, err
	}
	p := Plan{Spec: s}
	for _, path := range s.Drives {
		d, err := b.drive(ctx, path)
		if err != nil {
			return Plan{}, err
		}
		if slices.ContainsFunc(p.Drives, func(other Drive) bool { return other.Name == d.Name }) {
			return Plan{}, fault.New(fault.Usage, "name each drive once", "%s is named twice", path)
		}
		p.Drives = append(p.Drives, d)
	}
	if err := p.sizes(); err != nil {
		return Plan{}, err
	}
	made, err := b.place(s)
	p.made = made
	return p, err
}

// programs are those that will be needed; only the machine that this runs on can lack them.
func (b Builder) programs(fsType string) error {
	if b.Run != nil {
		return nil
	}
	for _, name := range []string{"mdadm", "mkfs." + fsType, "wipefs", "blkid"} {
		if _, err := run.Look(name); err != nil {
			return err
		}
	}
	return nil
}

func (p Plan) sizes() error {
	small := slices.MinFunc(p.Drives, bySize)
	large := slices.MaxFunc(p.Drives, bySize)
	if float64(small.SizeBytes) < alike*float64(large.SizeBytes) {
		return fault.New(fault.Usage, "choose drives of one size",
			"%s has %.1f GiB and %s has %.1f: what is more than the smallest has would be lost",
			small.Path, float64(small.SizeBytes)/(1<<30), large.Path, float64(large.SizeBytes)/(1<<30))
	}
	return nil
}

func bySize(a, b Drive) int {
	switch {
	case a.SizeBytes < b.SizeBytes:
		return -1
	case a.SizeBytes > b.SizeBytes:
		return 1
	}
	return 0
}

// place finds that nothing is in the way where the array is to be named and mounted.
func (b Builder) place(s Spec) (made bool, err error) {
	if exists(b.path("/dev/md/" + s.Name)) {
		return false, fault.New(fault.Exists, "choose another name", "there is an array /dev/md/%s already", s.Name)
	}
	told, err := os.ReadFile(b.path(config))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for line := range strings.Lines(string(told)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "ARRAY" && words[1] == "/dev/md/"+s.Name {
			return false, fault.New(fault.Exists, "choose another name, or remove that line", "%s names an array /dev/md/%s already", config, s.Name)
		}
	}
	if exists(b.systemd().UnitPath(s.Mount)) {
		return false, fault.New(fault.Exists, "choose another place: --mount DIR",
			"systemd has a unit that mounts something at %s already", s.Mount)
	}
	entries, err := os.ReadDir(b.path(s.Mount))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fault.New(fault.Usage, "choose another place: --mount DIR", "nothing can be mounted at %s: %w", s.Mount, err)
	case len(entries) > 0:
		return false, fault.New(fault.Refused, "choose another place: --mount DIR", "%s is not empty", s.Mount)
	}
	mounted, err := os.Open(b.path("/proc/self/mountinfo"))
	if err != nil {
		return false, err
	}
	defer func() { _ = mounted.Close() }()
	all, err := mountinfo.GetMountsFromReader(mounted, mountinfo.SingleEntryFilter(s.Mount))
	if err == nil && len(all) > 0 {
		err = fault.New(fault.Exists, "choose another place: --mount DIR", "something is mounted at %s already", s.Mount)
	}
	return false, err
}
