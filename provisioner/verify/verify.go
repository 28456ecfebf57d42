// Package verify holds an instance to its promises from outside: one file a rule. What the host can try by itself it
// tries here; what only the guest can try, the guest's probe does (package guest/probe), and its word is merged here with
// the list of what had to be tried, so that a check which the guest leaves out counts against it.
package verify

import (
	"holm/guest/report"
)

// Side is who tried a check.
type Side string

// The sides, in the order in which they are shown.
const (
	Guest   Side = "guest"   // the instance against itself: a claim
	Host    Side = "host"    // the host looked at QEMU, libvirt and its own files
	Network Side = "network" // the host tried the instance's network
)

// Result is one check as it is shown and recorded.
type Result struct {
	ID      string         `json:"id"`
	Side    Side           `json:"side"`
	Source  string         `json:"source"`
	Promise string         `json:"promise"`
	Outcome report.Outcome `json:"outcome"`
	Tried   string         `json:"tried"`
	Found   string         `json:"found"`
	Millis  int64          `json:"millis"`
}

// Verdict is all that was tried of an instance at one time.
type Verdict struct {
	Results []Result `json:"results"`
}

// Counts are the numbers of results by outcome.
type Counts struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	Inconclusive  int `json:"inconclusive"`
	NotApplicable int `json:"not_applicable"`
}

// Counts counts the results.
func (v Verdict) Counts() Counts {
	var c Counts
	for _, r := range v.Results {
		switch r.Outcome {
		case report.Passed:
			c.Passed++
		case report.NotApplicable:
			c.NotApplicable++
		case report.Inconclusive:
			c.Inconclusive++
		default:
			c.Failed++
		}
	}
	return c
}

// Holds tells whether every promise was seen to hold.
func (v Verdict) Holds() bool {
	c := v.Counts()
	return c.Failed+c.Inconclusive == 0 && c.Passed > 0
}
