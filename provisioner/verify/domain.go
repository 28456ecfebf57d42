package verify

import (
	"context"
	"fmt"

	"holm/provisioner/machine"
)

// domainAsAsked: a domain can be changed behind holm's back, while it runs or before it is started.
func domainAsAsked() rule {
	return rule{
		id: "domain-as-asked", side: Host, source: "holm",
		promise: "the running machine is the one on record, with no device that was not asked for",
		try: func(_ context.Context, t *trial) found {
			const tried = "compare the running domain with the record, element by element"
			if t.Live == "" {
				return inconclusive(tried, "libvirt does not say what runs")
			}
			different, err := machine.Differences(t.Wanted, t.Live)
			switch {
			case err != nil:
				return inconclusive(tried, "%v", err)
			case len(different) > 1:
				return failed(tried, "%s", fmt.Sprintf("%s (and %d more)", different[0], len(different)-1))
			case len(different) == 1:
				return failed(tried, "%s", different[0])
			}
			return passed(tried, "no difference")
		},
	}
}
