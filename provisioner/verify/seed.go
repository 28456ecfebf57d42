package verify

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"holm/provisioner/machine"
)

// seedGone: the seed says who may log in and how the first boot configures the guest; afterwards it is of use to an
// attacker alone.
func seedGone() rule {
	return rule{
		id: "seed-gone", side: Host, source: "holm", promise: "the seed is neither attached nor on the host's disk any more",
		try: func(_ context.Context, t *trial) found {
			const tried = "look for the seed in the running domain and in the instance's folder"
			live, err := machine.ReadLive(t.Live)
			if err != nil {
				return inconclusive(tried, "%v", err)
			}
			if file, attached := live.Disks[machine.SeedTarget]; attached {
				return failed(tried, "the guest has not let go of %s (%s)", machine.SeedTarget, file)
			}
			switch _, err := os.Lstat(t.SeedPath); {
			case err == nil:
				return failed(tried, "%s is still there", t.SeedPath)
			case !errors.Is(err, fs.ErrNotExist):
				return inconclusive(tried, "%v", err)
			}
			return passed(tried, "neither")
		},
	}
}
