package instances

import (
	"slices"
	"strings"

	"holm/internal/fault"
	"holm/provisioner/hosts"
	"holm/provisioner/model"
)

// flavor finds a size by name and puts what the spec overrides into it.
func flavor(made []model.Flavor, s Spec) (model.Flavor, error) {
	all := hosts.FlavorsWith(made)
	i := slices.IndexFunc(all, func(f model.Flavor) bool { return f.Name == s.Flavor })
	if i < 0 {
		var names []string
		for _, f := range all {
			names = append(names, f.Name)
		}
		return model.Flavor{}, fault.New(fault.FlavorUnknown, "use one of: "+strings.Join(names, ", "),
			"there is no flavor %s", model.Quoted(s.Flavor)).With(fault.Flavor(s.Flavor))
	}
	return hosts.Sized(all[i], s.VCPUs, s.MemoryMiB, s.DiskGiB)
}
