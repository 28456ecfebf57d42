// Package verify holds an instance to its promises from outside: one file a rule. What the host can try by itself it
// tries here; what only the guest can try, the guest's probe does (package guest/probe), and its word is merged here with
// the list of what had to be tried, so that a check which the guest leaves out counts against it.
package verify

import (
	"holm/guest/report"
)

// Side is whose word an outcome is.
type Side string

// The sides, in the order in which they are shown.
const (
	Guest   Side = "guest"   // the instance's, of itself: a claim, also where the host compares it with what it knows
	Host    Side = "host"    // the host's, which looked at QEMU, libvirt and its own files: nothing that a guest says changes it
	Network Side = "network" // the host's, which was at the instance's ports: how the guest showed itself to this host
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
