package doctor

import (
	"context"
	"path/filepath"
)

const gib = 1 << 30

// The image cache takes about 2 GiB while an image is built, and each instance what its guest writes.
const (
	spaceTight  = 20 * gib
	spaceTooFew = 4 * gib
)

func checkSpace(_ context.Context, e *env) Result {
	dir := e.StateDir
	for !e.exists(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir) // the state directory is made by the first command that writes
	}
	bytes, err := e.Probes.Free(e.path(dir))
	if err != nil {
		return warn("df -h "+dir, "not known: %v", err)
	}
	found := float64(bytes) / gib
	remedy := "df -h " + dir + "; holm image ls   # holm image rm frees space, HOLM_STATE=DIR moves"
	switch {
	case bytes < spaceTooFew:
		return fail(remedy, "%.1f GiB free below %s, at least %d GiB are needed", found, dir, spaceTooFew/gib)
	case bytes < spaceTight:
		return warn(remedy, "%.1f GiB free below %s, less than %d GiB is soon full", found, dir, spaceTight/gib)
	default:
		return ok("%.0f GiB free below %s", found, dir)
	}
}
