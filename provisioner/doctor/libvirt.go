package doctor

import "context"

func checkLibvirt(_ context.Context, e *env) Result {
	info, err := e.libvirt()
	if err != nil {
		return fail(e.startLibvirt(), "%s does not answer: %v", e.Connect, err)
	}
	if !versionAtLeast(info.LibvirtVersion, 9, 0) {
		return fail("apt-get update && "+install("libvirt-daemon-system")+"   # Debian 12 or newer",
			"version %s at %s is older than 9.0", info.LibvirtVersion, e.Connect)
	}
	return ok("version %s answers at %s", info.LibvirtVersion, e.Connect)
}

func (e *env) startLibvirt() string {
	_, err := e.Look("libvirtd")
	switch {
	case err != nil:
		return install("libvirt-daemon-system")
	case e.Probes.Euid() != 0:
		return "sudo holm doctor"
	case e.systemd():
		return "systemctl enable --now libvirtd"
	default:
		return "virtlogd -d; libvirtd -d"
	}
}
