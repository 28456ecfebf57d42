package doctor

import (
	"context"
	"errors"
	"testing"

	"holm/provisioner/model"
)

func TestPools(t *testing.T) {
	const remedy = "holm pool check      # and holm pool show NAME draws what is under it"
	fast := PoolInfo{Name: "fast", Status: model.PoolHealthy, On: "raid10 on 4 nvme"}
	sick := PoolInfo{Name: "slow", Status: model.PoolDegraded, Why: "md0: 1 of 4 members missing"}
	gone := PoolInfo{Name: "old", Status: model.PoolBroken, Why: "/srv/old is not a mount point"}
	worn := PoolInfo{Name: "fast", Status: model.PoolHealthy, On: "raid10 on 4 nvme", Warnings: []string{"nvme1n1 warns: temperature"}}
	with := func(all ...PoolInfo) func(*host) {
		return func(h *host) { h.Pools = func(context.Context) ([]PoolInfo, error) { return all, nil } }
	}
	play(t, "pools", []scene{
		{"not asked for", nil, OK, "not looked at", ""},
		{"none", with(), OK, "none: disks of instances lie in the state directory, of which nothing is demanded", ""},
		{"one, healthy", with(fast), OK, "fast healthy (raid10 on 4 nvme)", ""},
		{"a drive that warns", with(worn), Warn, "fast healthy (raid10 on 4 nvme); nvme1n1 warns: temperature", remedy},
		{"one degraded", with(fast, sick), Warn, "fast healthy (raid10 on 4 nvme); slow degraded: md0: 1 of 4 members missing", remedy},
		{"one broken", with(gone, sick), Fail, "old broken: /srv/old is not a mount point; slow degraded: md0: 1 of 4 members missing", remedy},
		{
			"that cannot be looked at", func(h *host) {
				h.Pools = func(context.Context) ([]PoolInfo, error) { return nil, errors.New("the database is in use") }
			}, Warn, "not known: the database is in use", "holm pool check",
		},
	})
}
