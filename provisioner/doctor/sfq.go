package doctor

import (
	"context"
	"errors"
)

// checkSFQ tries the queueing discipline without which libvirt cannot start a domain that has a <bandwidth>.
func checkSFQ(ctx context.Context, e *env) Result {
	const without = "network rate limits will be refused"
	tc, err := e.Look("tc")
	if err != nil {
		return warn(install("iproute2"), "tc is not there: %s", without)
	}
	err = e.Probes.Namespace(ctx, tc, "qdisc", "add", "dev", "lo", "root", "sfq")
	switch {
	case err == nil:
		return ok("network rate limits work")
	case errors.Is(err, errNoNamespace):
		return warn("sudo holm doctor", "not tried: %v", err)
	default:
		return warn(install("linux-image-amd64")+" && reboot", "the kernel has no sch_sfq: %s (%v)", without, err)
	}
}
