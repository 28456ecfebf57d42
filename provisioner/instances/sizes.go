package instances

import (
	"context"
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
)

// flavor finds a size by name and puts what the spec overrides into it.
func (c *Creator) flavor(ctx context.Context, s Spec) (model.Flavor, error) {
	all, err := c.Hosts.Flavors(ctx)
	if err != nil {
		return model.Flavor{}, err
	}
	i := slices.IndexFunc(all, func(f model.Flavor) bool { return f.Name == s.Flavor })
	if i < 0 {
		var names []string
		for _, f := range all {
			names = append(names, f.Name)
		}
		return model.Flavor{}, fault.New(fault.Usage, "use one of: "+strings.Join(names, ", "), "there is no flavor %s", model.Quoted(s.Flavor))
	}
	return hosts.Sized(all[i], s.VCPUs, s.MemoryMiB, s.DiskGiB)
}
