package doctor

import (
	"context"
	"strings"
)

const qemuProgram = "qemu-system-x86_64"

func checkQEMU(ctx context.Context, e *env) Result {
	info, err := e.libvirt()
	version := info.QEMUVersion
	if err != nil || version == "" {
		version = e.qemuVersion(ctx)
	}
	_, lookErr := e.Look(qemuProgram)
	switch {
	case version == "" && lookErr == nil:
		return fail("apt-get install --reinstall -y qemu-system-x86", "%s does not tell its version", qemuProgram)
	case version == "":
		return fail(install("qemu-system-x86"), "%s is not there", qemuProgram)
	case !versionAtLeast(version, 7, 2):
		return fail("apt-get update && "+install("qemu-system-x86")+"   # Debian 12 or newer",
			"version %s is older than 7.2", version)
	default:
		return ok("version %s", version)
	}
}

// qemuVersion asks QEMU itself, for a host whose libvirt does not answer: "QEMU emulator version 7.2.22 (Debian …)".
func (e *env) qemuVersion(ctx context.Context) string {
	path, err := e.Look(qemuProgram)
	if err != nil {
		return ""
	}
	text, err := e.Probes.Version(ctx, path)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(text, "version ")
	if f := strings.Fields(rest); len(f) > 0 {
		return f[0]
	}
	return ""
}
