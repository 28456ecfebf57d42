package verify

import (
	"holm/guest/probe"
	"holm/guest/probe/checks"
	"holm/guest/report"
	"holm/provisioner/model"
)

// FromGuest makes results of what the guest reports. Promised are the ids that its image's manifest names: one that is not reported is
// inconclusive, for the reason given in why, and one that was not promised is left out. What the guest says is a claim:
// an outcome that does not exist counts as a failure, and so does one that is not applicable for no reason.
func FromGuest(promised []string, reported []report.Check, why string) []Result {
	said := map[string]report.Check{}
	for _, c := range reported {
		said[c.ID] = c
	}
	known := map[string]probe.Check{}
	for _, profile := range []string{probe.Plain, probe.Docker, probe.K3s} {
		for _, c := range checks.For(profile) {
			known[c.ID] = c
		}
	}
	var results []Result
	for _, id := range promised {
		r := Result{
			ID: id, Side: Guest, Source: known[id].Source, Promise: known[id].Promise,
			Outcome: report.Inconclusive, Found: model.OneLine(why),
		}
		if c, ok := said[id]; ok {
			r.Outcome, r.Tried, r.Found, r.Millis = outcome(c), model.OneLine(c.Tried), model.OneLine(c.Found), max(c.Millis, 0)
		}
		if r.Source == "" {
			r.Source = "image" // an image of another holm promises what this one does not know
		}
		results = append(results, r)
	}
	return results
}

func outcome(c report.Check) report.Outcome {
	switch c.Outcome {
	case report.Passed, report.Inconclusive:
		return c.Outcome
	case report.NotApplicable:
		if model.OneLine(c.Found) != "" {
			return c.Outcome
		}
	case report.Failed:
	}
	return report.Failed
}
