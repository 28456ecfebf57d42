package doctor

import (
	"context"
	"path/filepath"
	"strings"
)

// checkSwap looks for swap that would write a guest's memory to a drive in the clear. Swap in RAM (zram) and on an
// encrypted mapping does not.
func checkSwap(_ context.Context, e *env) Result {
	var clear, other []string
	for line := range strings.Lines(e.value("/proc/swaps")) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "Filename" {
			continue
		}
		dev := filepath.Base(f[0])
		encrypted := strings.HasPrefix(e.value("/sys/block/"+dev+"/dm/uuid"), "CRYPT-")
		if encrypted || strings.HasPrefix(dev, "zram") {
			other = append(other, f[0])
		} else {
			clear = append(clear, f[0])
		}
	}
	switch {
	case len(clear) > 0:
		return warn(`swapoff -a && sed -i '/\sswap\s/s/^/#/' /etc/fstab`,
			"guests' memory can reach %s in the clear", strings.Join(clear, ", "))
	case len(other) > 0:
		return ok("only in RAM or encrypted: %s", strings.Join(other, ", "))
	default:
		return ok("none")
	}
}
