package k3s

import (
	"context"

	"holm/guest/k3sapi"
	"holm/guest/probe"
)

func pss() k3sRule {
	return k3sRule{
		id:      "k3s-pss",
		source:  "PSS restricted; CIS Kubernetes 5.2",
		promise: "A pod that is not confined as Pod Security Standards \"restricted\" ask for is refused.",
		tried:   "dry-run a pod as root, privileged, with hostPath, hostNetwork, an added capability, no seccomp, privilege escalation",
		try: func(ctx context.Context, run *k3sRun, tried string) probe.Result {
			return k3sRefused(tried, `violates PodSecurity "restricted:`, run.admitAll(ctx, loosePods()))
		},
	}
}

func loosePods() []variant {
	security := func(p *k3sapi.PodSpec) *k3sapi.ContainerSecurity { return p.Containers[0].SecurityContext }
	return []variant{
		{"root", func(p *k3sapi.PodSpec) {
			p.SecurityContext.RunAsUser, p.SecurityContext.RunAsNonRoot = new(int64(0)), nil
		}},
		{"privileged", func(p *k3sapi.PodSpec) {
			security(p).Privileged, security(p).AllowPrivilegeEscalation = new(true), nil
		}},
		{"hostPath", func(p *k3sapi.PodSpec) {
			p.Volumes[0] = k3sapi.Volume{Name: "tmp", HostPath: &k3sapi.HostPath{Path: "/"}}
		}},
		{"hostNetwork", func(p *k3sapi.PodSpec) { p.HostNetwork = true }},
		{"an added capability", func(p *k3sapi.PodSpec) { security(p).Capabilities.Add = []string{"NET_RAW"} }},
		{"no seccomp", func(p *k3sapi.PodSpec) { p.SecurityContext.Seccomp = nil }},
		{"privilege escalation", func(p *k3sapi.PodSpec) { security(p).AllowPrivilegeEscalation = new(true) }},
	}
}
