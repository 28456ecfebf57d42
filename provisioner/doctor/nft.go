package doctor

import (
	"context"
	"errors"
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
