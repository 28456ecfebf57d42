package doctor

import (
	"context"
	"errors"
	"io/fs"
)

func checkNFT(ctx context.Context, e *env) Result {
	return e.tryInNamespace(ctx, "nftables", "makes tables", "nft", "add", "table", "inet", "holm_doctor")
}

// tryInNamespace makes a harmless change in a network namespace of its own.
func (e *env) tryInNamespace(ctx context.Context, pkg, means, program string, args ...string) Result {
	path, err := e.Look(program)
	if err != nil {
		return fail(install(pkg), "%s is not there", program)
	}
	err = e.Probes.Namespace(ctx, path, args...)
	switch {
	case err == nil:
		return ok("%s %s", program, means)
	case errors.Is(err, errNoNamespace):
		return warn("sudo holm doctor", "%s was not tried: %v", program, err)
	default:
		return fail(install(pkg, "linux-image-amd64")+" && reboot", "%v", err)
	}
}

// checkEbtables tries the kind of rule that libvirt's nwfilter makes against spoofed ARP.
func checkEbtables(ctx context.Context, e *env) Result {
	return e.tryInNamespace(ctx, "ebtables", "filters ARP: libvirt can keep guests from spoofing",
		"ebtables", "-t", "nat", "-A", "PREROUTING", "-p", "ARP", "--arp-ip-src", "!", "192.0.2.1", "-j", "DROP")
}

func checkTUN(_ context.Context, e *env) Result {
	err := openDevice(e.path("/dev/net/tun"))
	switch {
	case err == nil:
		return ok("/dev/net/tun opens")
	case errors.Is(err, fs.ErrPermission):
		return warn("sudo holm doctor", "/dev/net/tun %s", plain(err))
	default:
		return fail("modprobe tun", "/dev/net/tun %s", plain(err))
	}
}
