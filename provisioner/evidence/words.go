package evidence

import (
	"holm/guest/report"
	"holm/provisioner/verify"
	"holm/storage/pools"
)

// Counts are the numbers of results by outcome.
func (v Verdict) Counts() verify.Counts { return v.outcomes().Counts() }

// Holds tells whether every promise that can be held on that host was.
func (v Verdict) Holds() bool { return v.outcomes().Holds() }

func (v Verdict) outcomes() (all verify.Verdict) {
	for _, r := range v.Results {
		all.Results = append(all.Results, verify.Result{Outcome: report.Outcome(r.Outcome)})
	}
	return all
}

// Summary says in a few words what the drives are and how they are put together: "raid10 on 4 nvme".
func (f FileSystem) Summary() string { return pools.Tree{Top: f.Device.layer()}.Summary() }

func (d Device) layer() pools.Device {
	layer := pools.Device{Name: d.Name, Kind: d.Kind, Level: d.Level, Transport: d.Transport}
	for _, m := range d.Members {
		layer.Members = append(layer.Members, m.layer())
	}
	return layer
}
