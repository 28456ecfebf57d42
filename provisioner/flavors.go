package provisioner

import (
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/storage/records"
)

// flavors are the sizes that there are.
var flavors = []records.Flavor{
	{Name: "tiny", VCPUs: 1, MemoryMiB: 512, DiskGiB: 10},
	{Name: "small", VCPUs: 2, MemoryMiB: 1024, DiskGiB: 20},
	{Name: "medium", VCPUs: 2, MemoryMiB: 4096, DiskGiB: 40},
	{Name: "large", VCPUs: 4, MemoryMiB: 8192, DiskGiB: 80},
}

// Flavors returns the sizes that there are, smallest first.
func Flavors() []records.Flavor { return slices.Clone(flavors) }

// flavor finds a size by name and puts what the spec overrides into it.
func flavor(s CreateSpec) (records.Flavor, error) {
	i := slices.IndexFunc(flavors, func(f records.Flavor) bool { return f.Name == s.Flavor })
	if i < 0 {
		var names []string
		for _, f := range flavors {
			names = append(names, f.Name)
		}
		return records.Flavor{}, fault.New(fault.Usage, "use one of: "+strings.Join(names, ", "), "there is no flavor %s", quoted(s.Flavor))
	}
	f := flavors[i]
	for _, o := range []struct {
		what     string
		flag     string
		value    int
		into     *int
		min, max int
	}{
		{"vCPUs", "--cpus N", s.VCPUs, &f.VCPUs, 1, 64},
		{"MiB of memory", "--memory SIZE", s.MemoryMiB, &f.MemoryMiB, 384, 1 << 20},
		{"GiB of disk", "--disk SIZE", s.DiskGiB, &f.DiskGiB, 1, 16 << 10},
	} {
		if o.value == 0 {
			continue
		}
		if o.value < o.min || o.value > o.max {
			return records.Flavor{}, fault.New(fault.Usage, "give another: "+o.flag, "%d %s is out of range: use %d to %d", o.value, o.what, o.min, o.max)
		}
		*o.into = o.value
	}
	return f, nil
}
