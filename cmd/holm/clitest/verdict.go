package clitest

import (
	"holm/guest/report"
	"holm/provisioner/verify"
)

// SampleVerdict has one result of each outcome but a failure.
func SampleVerdict() verify.Verdict {
	return verify.Verdict{Results: []verify.Result{
		{ID: "root-readonly", Side: verify.Guest, Source: "holm", Promise: "the root cannot be written to", Outcome: report.Passed, Tried: "write to /, /usr and /boot as root", Found: "EROFS, EROFS, EROFS", Millis: 12},
		{ID: "docker-rootless", Side: verify.Guest, Source: "Docker bench 2.1", Promise: "dockerd is not root", Outcome: report.Passed, Tried: "look at dockerd", Found: "uid 1000 in a user namespace of its own, as are all of its containers and everything below them", Millis: 3},
		{ID: "qemu-apparmor", Side: verify.Host, Source: "holm", Promise: "QEMU is confined", Outcome: report.NotApplicable, Tried: "AppArmor label of QEMU", Found: "the host's kernel has no AppArmor"},
		{ID: "firewall", Side: verify.Network, Source: "CIS Debian 4.3", Promise: "no port is open", Outcome: report.Passed, Tried: "connect to port 40001", Found: "no answer within 2s", Millis: 2001},
	}}
}
