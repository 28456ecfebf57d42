package hosts

import (
	"context"
	"errors"
	"slices"

	"holm/internal/fault"
	"holm/provisioner/model"
	"holm/storage/records"
)

// standard are the sizes that there are without anybody making them, smallest first.
func standard() []model.Flavor {
	return []model.Flavor{
		{Name: "tiny", VCPUs: 1, MemoryMiB: 512, DiskGiB: 10},
		{Name: "small", VCPUs: 2, MemoryMiB: 1024, DiskGiB: 20},
		{Name: "medium", VCPUs: 2, MemoryMiB: 4096, DiskGiB: 40},
		{Name: "large", VCPUs: 4, MemoryMiB: 8192, DiskGiB: 80},
	}
}

// StandardFlavors returns the names of the sizes that there are without anybody making them, smallest first.
func StandardFlavors() []string {
	var names []string
	for _, f := range standard() {
		names = append(names, f.Name)
	}
	return names
}

// Flavors returns the sizes that there are: the standard ones as they are or as the operator has changed them, smallest first,
// then those that the operator has made, by name.
func (svc *Service) Flavors(ctx context.Context) ([]model.Flavor, error) {
	made, err := svc.Records.Flavors(ctx)
	if err != nil {
		return nil, err
	}
	return FlavorsWith(made), nil
}

// FlavorsWith is Flavors with those that the operator has made or changed.
func FlavorsWith(made []model.Flavor) []model.Flavor {
	all := standard()
	for _, f := range made {
		if at := slices.IndexFunc(all, func(s model.Flavor) bool { return s.Name == f.Name }); at >= 0 {
			all[at] = f
			continue
		}
		all = append(all, f)
	}
	return all
}

// FlavorChange is what is to be set of a flavor; nil leaves it as it is.
type FlavorChange struct {
	VCPUs, MemoryMiB, DiskGiB                                                      *int
	CPUWeight, CPUPercent, IOPS, IOPSBurst, MBps, MBpsBurst, BurstSeconds, NetMbit *int
}

// SetFlavor changes a size, or makes it: then vCPUs, memory and disk have to be given. Instances that there are stay as they
// were made.
func (svc *Service) SetFlavor(ctx context.Context, name string, c FlavorChange) (model.Flavor, error) {
	if err := model.ValidateName("flavor", name); err != nil {
		return model.Flavor{}, err
	}
	all, err := svc.Flavors(ctx)
	if err != nil {
		return model.Flavor{}, err
	}
	f := model.Flavor{Name: name}
	if at := slices.IndexFunc(all, func(f model.Flavor) bool { return f.Name == name }); at >= 0 {
		f = all[at]
	}
	c.apply(&f)
	if f.VCPUs == 0 || f.MemoryMiB == 0 || f.DiskGiB == 0 {
		return f, fault.New(fault.Usage, "give all three: --cpus N --memory SIZE --disk SIZE", "flavor %q is new and has no size", name)
	}
	if _, err := Sized(f, f.VCPUs, f.MemoryMiB, f.DiskGiB); err != nil {
		return f, err
	}
	if err := f.Limits.Validate(); err != nil {
		return f, err
	}
	return f, svc.Records.SetFlavor(ctx, f)
}

func (c FlavorChange) apply(f *model.Flavor) {
	for _, one := range []struct{ from, to *int }{
		{c.VCPUs, &f.VCPUs},
		{c.MemoryMiB, &f.MemoryMiB},
		{c.DiskGiB, &f.DiskGiB},
		{c.CPUWeight, &f.Limits.CPUWeight},
		{c.CPUPercent, &f.Limits.CPUPercent},
		{c.IOPS, &f.Limits.IOPS},
		{c.IOPSBurst, &f.Limits.IOPSBurst},
		{c.MBps, &f.Limits.MBps},
		{c.MBpsBurst, &f.Limits.MBpsBurst},
		{c.BurstSeconds, &f.Limits.BurstSeconds},
		{c.NetMbit, &f.Limits.NetMbit},
	} {
		if one.from != nil {
			*one.to = *one.from
		}
	}
}

// ResetFlavor forgets what the operator has made or changed: a standard size is what it was, another one is gone.
func (svc *Service) ResetFlavor(ctx context.Context, name string) error {
	if err := model.ValidateName("flavor", name); err != nil {
		return err
	}
	err := svc.Records.DropFlavor(ctx, name)
	if errors.Is(err, records.ErrNotFound) {
		return fault.New(fault.FlavorNotFound, "see what there is: holm flavor ls", "nobody has made or changed a flavor %q", fault.Flavor(name))
	}
	return err
}

// Sized puts what is not zero of a size into a flavor.
func Sized(f model.Flavor, vcpus, memoryMiB, diskGiB int) (model.Flavor, error) {
	for _, o := range []struct {
		what     string
		flag     string
		value    int
		into     *int
		min, max int
	}{
		{"vCPUs", "--cpus N", vcpus, &f.VCPUs, 1, 64},
		{"MiB of memory", "--memory SIZE", memoryMiB, &f.MemoryMiB, 384, 1 << 20},
		{"GiB of disk", "--disk SIZE", diskGiB, &f.DiskGiB, 1, MaxDiskGiB},
	} {
		if o.value == 0 {
			continue
		}
		if o.value < o.min || o.value > o.max {
			return model.Flavor{}, fault.New(fault.Usage, "give another: "+o.flag,
				"%d %s is out of range: use %d to %d", o.value, o.what, o.min, o.max)
		}
		*o.into = o.value
	}
	return f, nil
}

// MaxDiskGiB is the largest state volume that may be asked for.
const MaxDiskGiB = 16 << 10
