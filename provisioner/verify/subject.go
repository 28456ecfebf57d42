package verify

import (
	"context"
	"net"

	"holm/guest/report"
	"holm/images"
	"holm/internal/run"
	"holm/provisioner/machine"
	"holm/provisioner/network"
	"holm/provisioner/uids"
)

// Subject is the instance that is held to its promises, as its record and libvirt describe it. Only Guest comes from the
// instance itself.
type Subject struct {
	Profile string
	User    string // the instance's login
	Address string // IPv4
	HostKey string // pinned, "ssh-ed25519 AAAA…"
	KeyPath string // holm's own client key

	Wanted   machine.Spec // the domain as the record asks for it
	Live     string       // the running domain's XML; "" when libvirt did not give it
	Image    images.Manifest
	Lab      bool              // this host may emulate
	SeedPath string            // where the seed lay
	Boots    map[string]string // boot id → the other instance that had it

	Guest *Answer
	// Walls compares the kernel's rules of the instance's network with those on record.
	Walls func(ctx context.Context) (network.Walls, error)
}

// Env is the host as the checks reach it.
type Env struct {
	Proc string // "/proc"
	Sys  string // "/sys"
	PIDs string // where libvirt keeps the process ids of its domains: "/run/libvirt/qemu"
	// Libvirt is where libvirt keeps a folder for each running domain: "/var/lib/libvirt/qemu".
	Libvirt string
	// Try tries a file as a user.
	Try  func(uid int, path string, how uids.Access) error
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Frames lists the kernel's rules for frames, as ebtables shows its table "nat": what libvirt's filters come to.
	Frames func(ctx context.Context) ([]byte, error)
}

// System is this host.
func System() Env {
	return Env{
		Proc: "/proc", Sys: "/sys", PIDs: "/run/libvirt/qemu", Libvirt: "/var/lib/libvirt/qemu", Try: uids.Try,
		Dial: (&net.Dialer{}).DialContext,
		Frames: func(ctx context.Context) ([]byte, error) {
			return run.Command(ctx, "ebtables", "-t", "nat", "-L", "--Lmac2")
		},
	}
}

// found is what came of one attempt.
type found struct {
	outcome report.Outcome
	tried   string // what was attempted, in a few words
	back    string // what came back, in a few words
}
