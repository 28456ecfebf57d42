package encode

import (
	v1 "holm/api/v1"
	"holm/guest/report"
	"holm/provisioner/verify"
)

// CheckCounts are numbers of results by outcome.
func CheckCounts(c verify.Counts) v1.CheckCounts {
	return v1.CheckCounts{Passed: c.Passed, Failed: c.Failed, Inconclusive: c.Inconclusive, NotApplicable: c.NotApplicable}
}

// CheckResults are one for each check.
func CheckResults(all []verify.Result) []v1.CheckResult {
	return list(all, func(r verify.Result) v1.CheckResult {
		return v1.CheckResult{
			ID: r.ID, Side: string(r.Side), Source: r.Source, Promise: r.Promise, Outcome: string(r.Outcome),
			Tried: r.Tried, Found: r.Found, Millis: r.Millis,
		}
	})
}

// CapabilitySubject is one process or container, without advice.
func CapabilitySubject(c report.Consumer) v1.CapabilitySubject {
	return v1.CapabilitySubject{
		Kind: c.Kind, Name: c.Name, PIDs: c.PIDs, User: c.User, UserNS: c.UserNS, Effective: texts(c.Effective), Used: texts(c.Used),
	}
}
