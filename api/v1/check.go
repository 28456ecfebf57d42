package v1

import "time"

// Verification is one instance, and what came of each attempt to break what is promised of it.
type Verification struct {
	// Name is the instance's.
	Name string `json:"name"`
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// Profile is what container host it is.
	Profile string `json:"profile"`
	// Image is the image's name.
	Image string `json:"image"`
	// Digest is the image's.
	Digest string `json:"digest"`
	// Accel is "kvm" or "tcg".
	Accel string `json:"accel"`
	// Began is when the first check was tried.
	Began time.Time `json:"began"`
	// Holds: nothing failed and nothing is inconclusive.
	Holds bool `json:"holds"`
	// Counts are the numbers of results by outcome.
	Counts CheckCounts `json:"counts"`
	// Results are one for each check.
	Results []CheckResult `json:"results"`
}

// CheckCounts are numbers of results by outcome.
type CheckCounts struct {
	// Passed is a number of checks.
	Passed int `json:"passed"`
	// Failed is a number of checks.
	Failed int `json:"failed"`
	// Inconclusive is a number of checks of which nothing can be said, as their control failed.
	Inconclusive int `json:"inconclusive"`
	// NotApplicable is a number of checks that this host or this profile has no use for.
	NotApplicable int `json:"not_applicable"`
}

// CheckResult is one check as it came out.
type CheckResult struct {
	// ID names the check.
	ID string `json:"id"`
	// Side is whose word it is: "host", "network" or "guest".
	Side string `json:"side"`
	// Source is where the rule comes from.
	Source string `json:"source"`
	// Promise is what is promised, in a sentence.
	Promise string `json:"promise"`
	// Outcome is "pass", "fail", "inconclusive" or "n/a".
	Outcome string `json:"outcome"`
	// Tried is what was attempted, in a line.
	Tried string `json:"tried"`
	// Found is what came back, in a line.
	Found string `json:"found"`
	// Millis is how long it took, in milliseconds.
	Millis int64 `json:"millis"`
}

// VerificationList is what `verify` prints.
type VerificationList struct {
	// Instances are those that were named.
	Instances []Verification `json:"instances"`
}

// CapabilityAudit is what `audit-caps` prints.
type CapabilityAudit struct {
	// Name is the instance's.
	Name string `json:"name"`
	// Tenant is whom it belongs to.
	Tenant string `json:"tenant"`
	// Watched is for how long the kernel counted, in seconds.
	Watched float64 `json:"watched_seconds"`
	// Subjects are the processes and containers that hold capabilities.
	Subjects []CapabilitySubject `json:"subjects"`
	// LeftOut is how many the instance left out of its answer.
	LeftOut int `json:"left_out,omitempty"`
}

// CapabilitySubject is one process, or one container with all its processes, and what it could do without.
type CapabilitySubject struct {
	// Kind is "process", "container" or "pod".
	Kind string `json:"kind"`
	// Name is that of the command or the container, or "namespace/pod".
	Name string `json:"name"`
	// PIDs are the guest's numbers of its processes.
	PIDs []int `json:"pids,omitempty"`
	// User is a name or a number, as the guest's root sees it.
	User string `json:"user"`
	// UserNS: it has a user namespace of its own, and its capabilities do not reach the guest.
	UserNS bool `json:"user_ns"`
	// Effective are the capabilities that it holds: "CAP_NET_RAW", sorted.
	Effective []string `json:"effective"`
	// Used are those that it was seen to ask for and to be granted, sorted.
	Used []string `json:"used"`
	// Advice is how to start it with less; left out when there is nothing to drop.
	Advice *CapabilityAdvice `json:"advice,omitempty"`
}

// CapabilityAdvice is what a container could be started with instead.
type CapabilityAdvice struct {
	// DockerFlags are those of `docker run`.
	DockerFlags []string `json:"docker_flags,omitempty"`
	// SecurityContext is that of the pod's container.
	SecurityContext *SecurityContext `json:"security_context,omitempty"`
}

// SecurityContext is Kubernetes' own shape, ready to be put into a manifest.
type SecurityContext struct {
	// AllowPrivilegeEscalation is as Kubernetes defines it.
	AllowPrivilegeEscalation bool `json:"allowPrivilegeEscalation"`
	// Capabilities is as Kubernetes defines it.
	Capabilities Capabilities `json:"capabilities"`
}

// Capabilities are as Kubernetes names them, without "CAP_".
type Capabilities struct {
	// Drop is what is taken.
	Drop []string `json:"drop"`
	// Add is what is given back.
	Add []string `json:"add,omitempty"`
}
