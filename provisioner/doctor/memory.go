package doctor

import (
	"context"
	"fmt"

	"holm/provisioner/memory"
)

// MemoryInfo is what of the host's memory is promised to instances.
type MemoryInfo struct {
	Host      memory.Host
	Promised  int // MiB
	Instances int
}

// checkMemory holds what is promised against what there is. A guest whose memory is not there when it is used is killed by the
// kernel, or waits for swap.
func checkMemory(ctx context.Context, e *env) Result {
	if e.Memory == nil {
		return ok("not looked at")
	}
	m, err := e.Memory(ctx)
	if err != nil {
		return warn("holm ls", "not known: %v", err)
	}
	there := m.Host.Total - m.Host.Reserve()
	found := fmt.Sprintf("%.1f of %.1f GiB are promised to instances (%d), %.1f GiB are kept for the host",
		gibs(m.Promised), gibs(there), m.Instances, gibs(m.Host.Reserve()))
	switch limit := m.Host.Limit(); {
	case m.Promised > limit:
		return warn("holm ls   # rm what is not needed, or allow it: holm host set --memory-overcommit FACTOR",
			"%s: that is more than the %.1f GiB that may be", found, gibs(limit))
	case m.Promised > there:
		return warn("holm ls   # rm what is not needed, or: holm host set --memory-overcommit 1",
			"%s: when instances use it all, the kernel kills one of them", found)
	case limit > there:
		return ok("%s; up to %.1f GiB may be", found, gibs(limit))
	}
	return ok("%s", found)
}

func gibs(mib int) float64 { return float64(mib) / 1024 }
